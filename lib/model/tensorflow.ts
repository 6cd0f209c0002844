/**
 * The one place that imports tfjs: on its plain JavaScript backend, which sums in 64 bits and rounds once a result
 * (what an oracle should do), and in production mode, which keeps the banner about other backends off the screen.
 * @module
 */
import * as tf from "@tensorflow/tfjs";

tf.enableProdMode();
await tf.setBackend("cpu");

export { tf };
