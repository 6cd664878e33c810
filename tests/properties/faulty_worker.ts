// A worker like worker.ts, of readers each of which does what no reader may do.

import "./allocations.ts";
import fc from "fast-check";
import { InputError } from "../../core/errors.ts";
import { specimen } from "./damage.ts";
import { property, survives } from "./property.ts";
import { serve } from "./serve.ts";

const empty = fc.constant(specimen(new Uint8Array(), "nothing"));

function faulty(name: string, read: (bytes: Uint8Array) => unknown) {
  return { ...survives({ name, read, files: empty, memory: () => 1000 }), name };
}

function refuse(message: string) {
  return () => {
    throw new InputError(message);
  };
}

serve([
  faulty("fails in its own words", (bytes) => bytes.reduce(() => 0)),
  faulty("breaks the line", refuse("one line\nand another")),
  faulty("speaks to the terminal", refuse("\x1b[2Jcleared")),
  faulty("talks at length", refuse("and ".repeat(200))),
  faulty("is silent", refuse("")),
  faulty("takes memory", () => new Float64Array(126)),
  faulty("takes memory and refuses", () => {
    new Uint8Array(1001);
    throw new InputError("too large");
  }),
  faulty("takes no more memory than it may", () => new Float64Array(125)),
  faulty("ends never", () => {
    while (true);
  }),
  faulty("waits for ever", () => new Promise(() => {})),
  property("holds up to 100", fc.nat(1000), (n) => {
    if (n > 100) throw new Error(`${n} is too much`);
  }),
]);
