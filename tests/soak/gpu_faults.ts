// Loaded before a program, to do what the environment asks: NAGARE_FAULT is "lose MS" or
// "submit N", NAGARE_STRUCK a file that is made when it is done.

const [kind, count] = Deno.env.get("NAGARE_FAULT")!.split(" ");

const faults: Record<string, () => void> = {
  /** Destroys the first device so many milliseconds after it was given. */
  lose() {
    const { requestDevice } = GPUAdapter.prototype;
    GPUAdapter.prototype.requestDevice = async function (...parameters) {
      GPUAdapter.prototype.requestDevice = requestDevice;
      const device = await requestDevice.apply(this, parameters);
      const destroy = () => {
        device.destroy();
        strike();
      };
      Deno.unrefTimer(setTimeout(destroy, Number(count)));
      return device;
    };
  },

  /** In place of so manyth commands, or the next, submits those before once more: an error. */
  submit() {
    const { submit } = GPUQueue.prototype;
    let last: readonly GPUCommandBuffer[] = [], left = Number(count);
    GPUQueue.prototype.submit = function (commands) {
      const given = [...commands];
      left--;
      // No commands are none to refuse.
      const isStruck = left <= 0 && given.length > 0 && last.length > 0;
      submit.call(this, isStruck ? last : given);
      if (given.length > 0) last = given;
      if (!isStruck) return;
      GPUQueue.prototype.submit = submit;
      strike();
    };
  },
};

function strike(): void {
  Deno.writeTextFileSync(Deno.env.get("NAGARE_STRUCK")!, "");
}

faults[kind]();
