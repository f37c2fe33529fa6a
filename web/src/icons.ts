/** The page's own icons: strokes on a grid of 24. */

const PATHS = {
  sound: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5H4ZM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11",
  silent: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5H4ZM16 9.5l5 5M21 9.5l-5 5",
  microphone: "M12 3.5a2.8 2.8 0 0 0-2.8 2.8v5.2a2.8 2.8 0 0 0 5.6 0V6.3A2.8 2.8 0 0 0 12 3.5ZM5.8 11.2a6.2 6.2 0 0 0 12.4 0M12 17.4v3.1",
  microphoneOff: "M9.2 9v2.5a2.8 2.8 0 0 0 4.6 2.1M14.8 10V6.3a2.8 2.8 0 0 0-5.4-1M5.8 11.2a6.2 6.2 0 0 0 9.8 5M18.2 11.2a6 6 0 0 1-.6 2.7M12 17.4v3.1M4 4l16 16",
  picture: "M3.5 7.5A1.5 1.5 0 0 1 5 6h9a1.5 1.5 0 0 1 1.5 1.5v9A1.5 1.5 0 0 1 14 18H5a1.5 1.5 0 0 1-1.5-1.5v-9ZM15.5 11l5-3v8l-5-3",
  pictureOff: "M9 6h5a1.5 1.5 0 0 1 1.5 1.5v4l5-3.5v8l-2-1.2M15.3 15.4v1.1A1.5 1.5 0 0 1 13.8 18H5a1.5 1.5 0 0 1-1.5-1.5v-9A1.5 1.5 0 0 1 5 6M4 4l16 16",
  whole: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  part: "M9 4v5H4M20 9h-5V4M15 20v-5h5M4 15h5v5",
  float: "M20 11V6.5A1.5 1.5 0 0 0 18.5 5h-13A1.5 1.5 0 0 0 4 6.5v9A1.5 1.5 0 0 0 5.5 17H10M13.5 14h7v5.5h-7V14Z",
  shutter: "M5.5 7.5H8l1.5-2h5l1.5 2h2.5A1.5 1.5 0 0 1 20 9v8a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 17V9a1.5 1.5 0 0 1 1.5-1.5ZM12 9.7a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4Z",
  download: "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 19.5h14",
  reset: "M5 5v4.5h4.5M5.4 9.3A7.2 7.2 0 1 1 4.8 13",
  close: "M6 6l12 12M18 6 6 18",
} as const;

export type IconName = keyof typeof PATHS;

const SVG = "http://www.w3.org/2000/svg";

/** An icon beside a text or inside a labelled button: silent for screen readers. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** A line of the last values, drawn into an SVG of 100 by 24. */
export class Sparkline {
  readonly element = document.createElementNS(SVG, "svg");
  readonly #line = document.createElementNS(SVG, "polyline");
  readonly #values: number[] = [];

  constructor(readonly length = 60) {
    this.element.setAttribute("viewBox", "0 0 100 24");
    this.element.setAttribute("preserveAspectRatio", "none");
    this.element.setAttribute("class", "sparkline");
    this.element.setAttribute("aria-hidden", "true");
    this.element.append(this.#line);
  }

  push(value: number | undefined): void {
    this.#values.push(value ?? 0);
    if (this.#values.length > this.length) this.#values.shift();
    const top = Math.max(...this.#values, 1e-9) * 1.1;
    const points = this.#values.map((each, i) => {
      const x = 100 - ((this.#values.length - 1 - i) * 100) / (this.length - 1);
      return `${x.toFixed(1)},${(23 - (each / top) * 22).toFixed(1)}`;
    });
    this.#line.setAttribute("points", points.join(" "));
  }

  clear(): void {
    this.#values.length = 0;
    this.#line.setAttribute("points", "");
  }
}
