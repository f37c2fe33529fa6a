/** The camera's own controls, each as the slider, menu, switch, text or button that its driver says it is. */

import { card, fill, freshId, h, set, setText, show } from "../dom";
import { icon } from "../icons";
import { words } from "../numbers";
import type { Control, ControlValue } from "artc-edge-client/methods";

/** Sets a control and settles when the camera has answered. */
export type SetControl = (name: string, value: ControlValue | undefined) => Promise<void>;

/** More steps than this cannot be hit with a slider. */
const MOST_STEPS = 100_000;

/** Where V4L2 puts a control by its number (linux/v4l2-controls.h, V4L2_CTRL_CLASS_*). */
const CLASSES: Record<number, string> = {
  0x0098: "Picture",
  0x009a: "Camera",
  0x009b: "FM transmitter",
  0x009c: "Flash",
  0x009d: "JPEG",
  0x009e: "Image source",
  0x009f: "Image processing",
  0x00a0: "Digital video",
  0x00a3: "Detection",
  0x0099: "Codec",
};

export class Controls {
  readonly element: HTMLElement;
  readonly #list = h("div", { class: "controls" });
  readonly #empty = h("p", { class: "empty" });
  readonly #all: HTMLButtonElement;
  readonly #set: SetControl;
  #rows = new Map<string, Row>();

  constructor(setControl: SetControl) {
    this.#set = setControl;
    this.#all = h("button", { type: "button", class: "small", hidden: true }, icon("reset"), "All to default");
    this.#all.addEventListener("click", () => {
      for (const row of this.#rows.values()) row.reset();
    });
    this.element = card("Camera controls", "controls-card", this.#empty, this.#list, h("div", { class: "actions" }, this.#all));
    this.unread("Shown as soon as a camera answers.");
  }

  controls(settable: Control[]): void {
    // Rows are kept while the camera stays the same, so that a refresh takes no focus away.
    const same = settable.length === this.#rows.size && settable.every((control) => this.#rows.get(control.name)?.fits(control) === true);
    if (same) for (const control of settable) this.#rows.get(control.name)?.update(control);
    else this.#build(settable);
    show(this.#all, [...this.#rows.values()].some((row) => row.changed));
    show(this.#empty, settable.length === 0);
    setText(this.#empty, "This camera has no controls.");
  }

  unread(why: string): void {
    this.#rows.clear();
    fill(this.#list);
    show(this.#all, false);
    show(this.#empty, true);
    setText(this.#empty, why);
  }

  #build(controls: Control[]): void {
    this.#rows = new Map(controls.map((control) => [control.name, new Row(control, this.#set)]));
    const groups = new Map<string, HTMLElement[]>();
    for (const control of controls) {
      const title = CLASSES[control.id >>> 16] ?? "Other";
      const row = this.#rows.get(control.name);
      if (row) groups.set(title, [...(groups.get(title) ?? []), row.element]);
    }
    fill(
      this.#list,
      ...[...groups].map(([title, rows]) => {
        const id = freshId("group");
        return h("div", { class: "group", role: "group", "aria-labelledby": id }, h("h3", { id }, title), ...rows);
      }),
    );
  }
}

/** One control. */
class Row {
  readonly element: HTMLElement;
  readonly #fields: HTMLElement[] = [];
  readonly #error: HTMLElement;
  readonly #reset: HTMLButtonElement;
  readonly #set: SetControl;
  #control: Control;
  #busy = 0;
  #sent: ControlValue | undefined;
  #showValue: (value: ControlValue | undefined) => void = () => undefined;

  constructor(control: Control, setControl: SetControl) {
    this.#control = control;
    this.#set = setControl;
    this.#error = h("p", { class: "error", id: freshId("error"), role: "alert" });
    this.#reset = h("button", { type: "button", class: "reset" }, icon("reset"));
    this.#reset.addEventListener("click", () => this.reset());
    this.element = h("div", { class: `control kind-${control.kind}`, "data-control": control.name }, ...this.#build(control), this.#error);
    this.update(control);
  }

  /** Its value is another one than the driver's default. */
  get changed(): boolean {
    const { value, default: normal, read_only, inactive, kind } = this.#control;
    return kind !== "button" && normal !== undefined && value !== undefined && value !== normal && !read_only && !inactive;
  }

  /** The same control as before, but for its value and whether it can be set now. */
  fits(control: Control): boolean {
    const shape = ({ kind, id, label, min, max, step, menu }: Control) => JSON.stringify([kind, id, label, min, max, step, menu]);
    return shape(control) === shape(this.#control);
  }

  update(control: Control): void {
    this.#control = control;
    const off = control.read_only === true || control.inactive === true;
    for (const field of this.#fields) set(field, "disabled", off);
    this.element.classList.toggle("inactive", off);
    this.element.classList.toggle("overruled", control.inactive === true);
    set(this.element, "title", control.inactive ? "Another control decides this at the moment" : control.read_only ? "Can only be read" : undefined);
    // What somebody is just dragging or typing must not jump back under their hand.
    if (this.#busy === 0) this.#showValue(control.value);
    this.#reset.hidden = !this.changed;
    const text = `Set ${words(control.label)} to its default, ${this.#say(control.default)}`;
    set(this.#reset, "aria-label", text);
    set(this.#reset, "title", text);
  }

  reset(): void {
    if (this.changed && this.#control.default !== undefined) void this.#send(this.#control.default);
  }

  async #send(value: ControlValue | undefined): Promise<void> {
    this.#busy += 1;
    this.#sent = value;
    if (value !== undefined) this.#showValue(value);
    try {
      await this.#set(this.#control.name, value);
      setText(this.#error, "");
      // What it really became comes with the next refresh; until then this is the best guess.
      if (this.#sent !== undefined) this.#control = { ...this.#control, value: this.#sent };
    } catch (error) {
      setText(this.#error, error instanceof Error ? error.message : String(error));
    } finally {
      this.#busy -= 1;
      if (this.#busy === 0) this.#showValue(this.#control.value);
    }
  }

  #say(value: ControlValue | undefined): string {
    const choice = this.#control.menu?.find((item) => item.value === value);
    if (choice) return choice.label;
    if (typeof value === "boolean") return value ? "on" : "off";
    return value === undefined ? "unknown" : String(value);
  }

  #build(control: Control): HTMLElement[] {
    const id = freshId("control");
    const label = h("label", { for: id }, words(control.label));
    const described = { "aria-describedby": this.#error.id };
    switch (control.kind) {
      case "boolean": {
        const box = h("input", { type: "checkbox", role: "switch", id, class: "switch", ...described });
        box.addEventListener("change", () => void this.#send(box.checked));
        this.#fields.push(box);
        this.#showValue = (value) => (box.checked = value === true || value === 1);
        return [label, this.#reset, box];
      }
      case "menu": {
        const options = (control.menu ?? []).map((item) => h("option", { value: item.value }, item.label));
        const select = h("select", { id, ...described }, ...options);
        select.addEventListener("change", () => void this.#send(Number(select.value)));
        this.#fields.push(select);
        this.#showValue = (value) => (select.value = String(value));
        return [label, this.#reset, select];
      }
      case "button": {
        const button = h("button", { type: "button", id, ...described }, words(control.label));
        button.addEventListener("click", () => void this.#send(undefined));
        this.#fields.push(button);
        return [button];
      }
      default:
        return this.#number(control, label, id, described);
    }
  }

  #number(control: Control, label: HTMLElement, id: string, described: Record<string, string>): HTMLElement[] {
    const { min, max } = control;
    const step = Math.max(1, control.step);
    const bounds = { min, max, step };
    const steps = (max - min) / step;
    const sliding = control.kind === "integer" && steps >= 1 && steps <= MOST_STEPS;
    const exact = h("input", { type: "number", inputmode: "numeric", class: "exact", ...bounds, ...described, ...(sliding ? { "aria-label": `${words(control.label)}, number` } : { id }) });
    exact.addEventListener("change", () => {
      if (exact.value !== "") void this.#send(exact.valueAsNumber);
    });
    this.#fields.push(exact);
    if (!sliding) {
      this.#showValue = (value) => {
        if (document.activeElement !== exact) exact.value = String(value ?? "");
      };
      return [label, this.#reset, exact];
    }
    const slider = h("input", { type: "range", id, ...bounds, ...described });
    slider.addEventListener("input", () => {
      exact.value = slider.value;
      void this.#send(slider.valueAsNumber);
    });
    this.#fields.push(slider);
    this.#showValue = (value) => {
      slider.value = String(value ?? min);
      exact.value = String(value ?? "");
      slider.classList.toggle("unset", value === undefined);
    };
    return [label, this.#reset, exact, slider];
  }
}
