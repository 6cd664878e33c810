import { Purpose, RandomStream } from "../../../core/random.ts";
import { killAgainAndAgain } from "../../soak/kills.ts";
import { referenceOf } from "../../soak/session.ts";
import { scratch } from "../scratch.ts";
import { smallAutoencoders } from "./small_runs.ts";

// The moments are always the same; what a process is doing then is not. deno task soak kills
// hundreds.
const seed = 2013;

Deno.test("a run killed again and again at random moments leaves the same files and bits", async () => {
  using folder = scratch();
  const reference = await referenceOf(smallAutoencoders(folder), `${folder.path}/whole`);
  const random = new RandomStream(seed, Purpose.probe);
  for (const out of ["first", "second"].map((name) => `${folder.path}/${name}`)) {
    await killAgainAndAgain({ reference, out, random, most: 3 });
  }
});
