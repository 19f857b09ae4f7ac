import { classes, IconButton, type IconButtonProps } from "../../../ui";
import "./bar.css";

export interface ControlProps extends Omit<IconButtonProps, "class" | "kind" | "size" | "children"> {
  look?: "off" | "active" | "leave" | "end" | undefined;
  /** What stands under the sign where there is little room; the label where there is more. */
  word: string;
  /** Shown on its corner; say it in words in what `aria-describedby` names. */
  count?: string | undefined;
}

/** A control of the bar: sign and word. The word repeats the label, so only the label is read out. */
export function Control({ look, word, count, ...button }: ControlProps) {
  const long = button.label.replace(/ microphone$/u, "");
  return (
    <IconButton {...button} data-count={count} class={classes("control", look && `control-${look}`)}>
      <span class="control-word" aria-hidden="true">
        <span class="control-short">{word}</span>
        <span class="control-long">{long}</span>
      </span>
    </IconButton>
  );
}
