import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { packHalf } from "../../core/formats/half.ts";
import { property, readOrRefused } from "./property.ts";

/** Halfway from the largest half float, 65504, to the one that would follow: it rounds beyond. */
const tooLarge = 65520;

const float = fc.float();
const fitting = fc.float({ min: -65504, max: 65504, noNaN: true });

/** What is true of packHalf(), whatever it is given. */
export const halfProperties = [
  property(
    "packHalf() packs numbers below 65520 and refuses all others",
    fc.array(fc.oneof({ weight: 1, arbitrary: float }, { weight: 5, arbitrary: fitting })),
    async (numbers) => {
      const outcome = await readOrRefused(() => packHalf(Float32Array.from(numbers)));
      const fit = numbers.every((value) => Math.abs(value) < tooLarge);
      assertEquals(outcome, fit ? "read" : "refused");
      return outcome;
    },
  ),
  property("packHalf() keeps numbers to 11 bits, two in a word", fc.array(fitting), (numbers) => {
    const words = packHalf(Float32Array.from(numbers));
    const halves = new Float16Array(words.buffer);
    numbers.forEach((value, i) => {
      const error = Math.abs(halves[i] - value);
      assertLessOrEqual(error, Math.max(2 ** -11 * Math.abs(value), 2 ** -25));
    });
    assert(halves.subarray(numbers.length).every((half) => half === 0));
  }),
];
