// Draws loss charts in a thread beside the training, one for each request.

import { type DrawingOrder, type DrawingReply, drawOrdered } from "./drawing_order.ts";

addEventListener("message", async ({ data: order }: MessageEvent<DrawingOrder>) => {
  postMessage(await reply(order));
});

async function reply(order: DrawingOrder): Promise<DrawingReply> {
  try {
    return { svg: await drawOrdered(order) };
  } catch (error) {
    return { failure: String(error) };
  }
}
