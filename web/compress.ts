/** Writes a .br and a .gz beside every text file of the build; the server hands them out as they are. */

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const TEXT = /\.(js|css|svg)$/;
const SMALLEST = 1024; // bytes; below, the header costs more than is saved

export function compress(): Plugin {
  return {
    name: "compress",
    apply: "build",
    async writeBundle({ dir = "" }) {
      for (const entry of await readdir(dir, { recursive: true })) {
        if (!TEXT.test(entry)) continue;
        const file = join(dir, entry);
        const bytes = await readFile(file);
        if (bytes.length < SMALLEST) continue;
        await writeFile(`${file}.br`, brotliCompressSync(bytes));
        await writeFile(`${file}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}
