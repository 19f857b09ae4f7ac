import type { Outcome } from "../../../session";
import { toast } from "../../../ui";

/** Waits for an action and, if it was refused, says why in passing. */
export function tell(outcome: Outcome): void {
  void outcome.then((problem) => {
    if (problem !== null) toast(problem.message);
  });
}
