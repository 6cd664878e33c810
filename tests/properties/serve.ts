import { outcomes, type Property, type PropertyRun } from "./property.ts";

/** What a worker is asked. */
export interface PropertyRequest extends Omit<PropertyRun, "onCase"> {
  /** Of the property. */
  readonly name: string;
  /** Where it counts the cases by their outcome, as it goes. */
  readonly counts: Int32Array<SharedArrayBuffer>;
}

/** What it says at first, when it listens, and of each property: how it failed, if it did. */
export interface PropertyReply {
  readonly failure: string | undefined;
}

/** Has this worker try any of the properties when it is asked to. */
export function serve(properties: readonly Property[]): void {
  addEventListener("message", async ({ data: request }: MessageEvent<PropertyRequest>) => {
    const property = properties.find(({ name }) => name === request.name);
    say(property ? await failureOf(property, request) : "there is no such property");
  });
  say(undefined);
}

function say(failure: string | undefined): void {
  postMessage({ failure } satisfies PropertyReply);
}

async function failureOf(
  property: Property,
  { cases, seed, counts }: PropertyRequest,
): Promise<string | undefined> {
  const onCase: PropertyRun["onCase"] = (outcome) =>
    Atomics.add(counts, outcomes.indexOf(outcome), 1);
  try {
    await property.check({ cases, seed, onCase });
  } catch (error) {
    const { message, cause } = error as Error;
    return `${message}\n${cause instanceof Error ? cause.stack : cause ?? ""}`;
  }
}
