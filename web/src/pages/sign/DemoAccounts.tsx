import { useEffect, useState } from "preact/hooks";
import { isDemo } from "../../protocol/health";
import { Avatar } from "../../ui";

const PASSWORD = "convene-demo";
const ACCOUNTS = [
  "organiser",
  "facilitator",
  "cofacilitator",
  "participant",
  "participant2",
  "participant3",
  "observer",
];

/** On a demo server only: the accounts it comes with, one click each. */
export function DemoAccounts({ onPick }: { onPick: (email: string, password: string) => void }) {
  const [demo, setDemo] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    void isDemo(stop.signal).then(setDemo);
    return () => stop.abort();
  }, []);
  if (!demo) return null;
  return (
    <section class="sign-demo" aria-labelledby="demo-accounts">
      <h2 id="demo-accounts">Demo accounts</h2>
      <p>This server shows demo content. Pick who you are; the password is filled in.</p>
      <ul>
        {ACCOUNTS.map((account) => (
          <li key={account}>
            <button
              type="button"
              class="sign-demo-pick"
              onClick={() => onPick(`${account}@demo.test`, PASSWORD)}
            >
              <Avatar name={account} size={28} />
              <span>{account}@demo.test</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
