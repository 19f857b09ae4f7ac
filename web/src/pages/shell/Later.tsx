import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Button, ErrorState, Spinner } from "../../ui";
import "./Later.css";

interface LaterProps<Module> {
  load: () => Promise<Module>;
  draw: (module: Module) => JSX.Element;
}

/** Draws what comes in a piece of its own, once it is there. */
export function Later<Module>({ load, draw }: LaterProps<Module>) {
  const [module, setModule] = useState<{ loaded: Module } | "failed" | null>(null);
  useEffect(() => {
    let wanted = true;
    load().then(
      (loaded) => wanted && setModule({ loaded }),
      () => wanted && setModule("failed"),
    );
    return () => {
      wanted = false;
    };
  }, []);
  if (module === "failed") {
    // A piece that is gone means a newer version was installed, or no network: a reload answers both.
    return (
      <main id="main" class="later" tabIndex={-1}>
        <ErrorState
          level={1}
          title="This page did not load"
          message="Check your connection, then reload."
          action={<Button onClick={() => location.reload()}>Reload</Button>}
        />
      </main>
    );
  }
  if (module === null) {
    return (
      <main id="main" class="later" tabIndex={-1}>
        <Spinner label="Loading" size={28} />
      </main>
    );
  }
  return draw(module.loaded);
}
