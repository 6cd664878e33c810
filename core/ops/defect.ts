import type { Defect } from "../gpu/kernel.ts";

/** What a compiler said of a shader, in words that place it in the lines of the body. */
export async function placed(
  device: GPUDevice,
  { text, line, column, message }: Defect,
  body: string,
  called = "body",
): Promise<string> {
  const lines = body.split("\n");
  const own = line - text.slice(0, text.indexOf(body)).split("\n").length + 1;
  if (own >= 1 && own <= lines.length) {
    return `line ${own}, column ${column} of its ${called}: ${said(message)}`;
  }
  // Some defects are found when the whole is checked, without a place: by which line, is tried.
  for (const [i, last] of lines.entries()) {
    const cut = text.replace(body, () => lines.slice(0, i + 1).join("\n"));
    if (isInvalid(await defectOf(device, cut))) {
      return `line ${i + 1}, column ${last.search(/\S/) + 1} of its ${called}: ${said(message)}`;
    }
  }
  return said(message);
}

async function defectOf(device: GPUDevice, code: string): Promise<string | undefined> {
  device.pushErrorScope("validation");
  device.createShaderModule({ code });
  return (await device.popErrorScope())?.message;
}

/** Whether a text could be read, and does not hold. */
function isInvalid(message: string | undefined): boolean {
  return message !== undefined && !/pars/i.test(message.split("\n").find((line) => line.trim())!);
}

/** The line of a compiler's message that says what is wrong. */
function said(message: string): string {
  const lines = message.split("\n").map((part) => part.trim()).filter((part) => part !== "");
  const line = isInvalid(message) ? lines[lines.length - 1] : lines[0];
  return line.replace(/^(:|Shader '[^']*' (parsing )?error:)\s*/, "");
}
