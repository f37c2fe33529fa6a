// A TypeScript module of the tests and all that it needs as one text, made with the viewer page's own tools and settings.

import { fileURLToPath } from "node:url";

const web = new URL("../../../web/", import.meta.url);

/** `entry` is the address of the module. */
export async function bundle(entry) {
  const { build } = await import(new URL("node_modules/vite/dist/node/index.js", web));
  const input = fileURLToPath(entry);
  const made = await build({
    root: fileURLToPath(web),
    logLevel: "error",
    build: { write: false, minify: false, lib: { entry: input, formats: ["es"] }, rollupOptions: { input, output: { manualChunks: () => undefined } } },
  });
  return [made].flat()[0].output[0].code;
}
