import { Target } from "lucide-preact";
import type { SessionDetail } from "../../protocol/api";
import { Avatar, Banner, Icon, RoleBadge } from "../../ui";

/** What the session is about, and who leads it. */
export function About({ session }: { session: SessionDetail }) {
  const { description, objectives, people, cancelledReason } = session;
  return (
    <div class="session-about">
      {cancelledReason && (
        <Banner tone="danger">
          Why it was cancelled: <bdi>{cancelledReason}</bdi>
        </Banner>
      )}
      {description && (
        <section aria-label="Description">
          {description.split(/\n{2,}/).map((paragraph, at) => (
            <p key={at} class="session-text" dir="auto">
              {paragraph}
            </p>
          ))}
        </section>
      )}
      {objectives.length > 0 && (
        <section>
          <h2>What you take away</h2>
          <ul class="session-objectives">
            {objectives.map((objective) => (
              <li key={objective}>
                <Icon of={Target} />
                <span dir="auto">{objective}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {people.length > 0 && (
        <section>
          <h2>Led by</h2>
          <ul class="session-people">
            {people.map(({ name, role }) => (
              <li key={`${name} ${role}`}>
                <Avatar name={name} />
                <span class="session-person">
                  <bdi class="session-person-name">{name}</bdi> <RoleBadge role={role} />
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
