/** Files of models that whylens does not read, each with the command that makes one that it does. */
import { WhylensError } from '../../errors.js';

/** What makes a file that whylens reads, on a command line with Python. */
export const EXPORT_COMMANDS = {
  tflite:
    'python -m tf2onnx.convert --tflite model.tflite --output model.onnx (pip install tf2onnx)',
  savedModel:
    'python -m tf2onnx.convert --saved-model FOLDER --output model.onnx (pip install tf2onnx), or tensorflowjs_converter FOLDER OUT (pip install tensorflowjs)',
} as const;

const CONVERT: readonly (readonly [RegExp, string, string])[] = [
  [/\.tflite$/, 'a TensorFlow Lite model', EXPORT_COMMANDS.tflite],
  [/\.pb$/, 'a TensorFlow SavedModel or graph', EXPORT_COMMANDS.savedModel],
  [
    /\.(pt|pth|ckpt)$|pytorch_model\.bin$/,
    'a PyTorch checkpoint',
    "torch.onnx.export(model.eval(), torch.zeros(1, 3, 224, 224), 'model.onnx') in Python, where the model's code is",
  ],
  [
    /\.safetensors$/,
    'a file of weights without the network',
    'optimum-cli export onnx --model FOLDER OUT (pip install optimum[exporters])',
  ],
  [
    /\.(mlmodel|mlpackage)$/,
    'a Core ML model',
    'the export to ONNX of the framework that it was made with',
  ],
];

/** @throws WhylensError `MODEL_LOAD` with the export command, for a name of such a file */
export function refuseOtherFormats(file: string): void {
  const plain = file.replace(/[?#].*$/, '').toLowerCase();
  for (const [pattern, what, command] of CONVERT) {
    if (pattern.test(plain)) {
      throw new WhylensError(
        'MODEL_LOAD',
        `'${file}' must be a TensorFlow.js model.json or an ONNX file, got a ${/\.\w+$/.exec(plain)![0]} file, ${what}. Make an ONNX file of it: ${command}`,
        { facts: { file } },
      );
    }
  }
}
