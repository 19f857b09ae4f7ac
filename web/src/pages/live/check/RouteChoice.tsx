import { relayOnly } from "../../../media/route";
import { Select } from "../../../ui";

const ROUTES = [
  { value: "all", label: "Directly where possible" },
  { value: "relay", label: "Always through the relay" },
];

/** For networks that let video calls begin and then cripple them. Kept for the next time. */
export function RouteChoice() {
  return (
    <Select
      label="Connection"
      hint={
        relayOnly.value ? "Slower, but it gets through where a direct connection keeps breaking off." : ""
      }
      value={relayOnly.value ? "relay" : "all"}
      onChange={(route) => {
        relayOnly.value = route === "relay";
      }}
      options={ROUTES}
    />
  );
}
