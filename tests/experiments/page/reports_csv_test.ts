import { assertEquals } from "@std/assert";
import { settingsOf } from "../../../experiments/page/settings.ts";
import { reportsCSV } from "../../../experiments/page/view/reports_csv.ts";

Deno.test("the table has a row for each report, empty where there is no number", () => {
  const settings = settingsOf({ networks: [{ optimizer: "nag" }, { optimizer: "sgd" }] });
  const report = {
    ...{ update: 5, squaredError: 1.5, rate: 0.02 },
    ...{ velocityNorm: undefined, sharpness: undefined },
  };
  const text = reportsCSV({
    settings,
    reports: [
      [{ ...report, momentum: 0.9, velocityNorm: 0.25 }],
      [{ ...report, squaredError: NaN, momentum: undefined }],
    ],
  });
  assertEquals(text.split("\r\n"), [
    "network,optimizer,schedule,finish,initializer,scale,update,learning_rate,momentum," +
    "train_squared_error,velocity_norm,sharpness",
    "1,nag,paper,0,glorot,4,5,0.02,0.9,1.5,0.25,",
    "2,sgd,paper,0,glorot,4,5,0.02,,NaN,,",
    "",
  ]);
});
