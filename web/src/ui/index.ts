/** The kit: small accessible components and the few functions every page draws with. */
export { Avatar } from "./Avatar";
export { Badge, RoleBadge, type Tone } from "./Badge";
export {
  Button,
  type ButtonKind,
  type ButtonProps,
  IconButton,
  type IconButtonProps,
  LinkButton,
} from "./Button";
export { CheckField } from "./CheckField";
export { classes } from "./classes";
export { Dialog } from "./Dialog";
export { focusFirstError, Select, TextArea, TextField } from "./Fields";
export { Icon, type LucideIcon } from "./Icon";
export { Logo } from "./Logo";
export { Menu, type MenuAction, type MenuEntry, type MenuTrigger } from "./Menu";
export { NumberField } from "./NumberField";
export { highestRole, hueOf, initialsOf, roleName } from "./people";
export { type Align, placeBeside, type Side } from "./place";
export { arrivals, here, match, navigate, safeNext, signInAddress, startRouter } from "./router";
export { Skeleton, Spinner } from "./Spinner";
export { Banner, EmptyState, ErrorState } from "./States";
export { type Tab, Tabs } from "./Tabs";
export { type ToastOptions, Toasts, toast } from "./Toasts";
export { Tooltip } from "./Tooltip";
export { startTheme, type ThemeChoice, theme } from "./theme";
export { VisuallyHidden } from "./VisuallyHidden";
export * from "./when";
