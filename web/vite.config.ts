import { defineConfig } from "vitest/config";

export default defineConfig({
  // Relative addresses, so that the page also works below a path of a reverse proxy.
  base: "./",
  // The clients that every TypeScript program uses, from their sources, and with the livekit-client of the page.
  resolve: {
    alias: {
      "artc-edge-client": new URL("../clients/typescript/src", import.meta.url).pathname,
      "artc-edge-rooms": new URL("../clients/rooms/src", import.meta.url).pathname,
    },
    dedupe: ["livekit-client"],
  },
  server: { fs: { allow: [".."] } },
  build: {
    target: "es2022",
    // Nothing may become a data: address; the content security policy allows none.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // livekit-client is nearly the whole page and changes less often than our code.
    rollupOptions: {
      input: { index: "index.html", call: "call/index.html" },
      output: {
        manualChunks: (id) => (id.includes("node_modules") ? "livekit" : undefined),
      },
    },
    chunkSizeWarningLimit: 700,
  },
  test: { environment: "jsdom", include: ["test/**/*.test.ts"] },
});
