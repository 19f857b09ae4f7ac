/// <reference types="vitest/config" />
import preact from "@preact/preset-vite";
import { defineConfig, loadEnv } from "vite";
import { compress } from "./compress.ts";

// light-dark() must reach the browser as it is: the room turns dark by changing color-scheme on a subtree,
// and the usual fallback for older browsers resolves it once, at the root.
const browsers = ["chrome123", "firefox128", "safari17.5"];

export default defineConfig(({ mode }) => {
  const env = loadEnv(mode, "..", "CONVENE_");
  const server = `http://127.0.0.1:${env["CONVENE_PORT"] ?? "8080"}`;
  return {
    plugins: [preact(), compress()],
    build: {
      outDir: "../server/web_dist",
      emptyOutDir: true,
      target: browsers,
      cssTarget: browsers,
      assetsInlineLimit: 0, // the content security policy allows no data: addresses
      license: { fileName: "licenses.md" },
    },
    server: {
      // The server compares Origin with Host, so both must arrive as the browser sent them.
      proxy: {
        "/api": { target: server, changeOrigin: false },
        "/healthz": { target: server, changeOrigin: false },
        "/socket.io": { target: server, changeOrigin: false, ws: true },
      },
    },
    test: { include: ["src/**/*.test.ts"], environment: "node" },
  };
});
