// A program that asks for a chart and finishes it.

import { Drawing } from "../../../experiments/charts/drawing.ts";

const columns = "problem,optimizer,mu,learning_rate,seed,update,train_squared_error";
const order = { table: `${columns}\ncurves,nag,0.9,0.1,1,0,100\n`, chart: {} };
let now_ms = 0, drawn = 0;
const drawing = new Drawing({ now: () => now_ms, onDrawn: () => void drawn++ });
now_ms = 10_000;
drawing.request(() => order);
const svg = await drawing.finish(order);
console.log(drawn, svg.slice(0, 4));
