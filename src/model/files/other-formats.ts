/** Model files that whylens does not read, each with the command that makes one that it reads. */
import { WhylensError } from '../../errors.js';

/** The command that makes a file that whylens reads. */
export const EXPORT_COMMANDS = {
  tflite:
    'python -m tf2onnx.convert --tflite model.tflite --output model.onnx (pip install tf2onnx)',
  savedModel:
    'python -m tf2onnx.convert --saved-model FOLDER --output model.onnx (pip install tf2onnx), or tensorflowjs_converter FOLDER OUT (pip install tensorflowjs)',
} as const;

const TORCH =
  "torch.onnx.export(model.eval(), torch.zeros(1, 3, 224, 224), 'model.onnx') in Python, where the model's code is";
const OPTIMUM =
  'optimum-cli export onnx --model FOLDER OUT (pip install optimum[exporters]) for one of Hugging Face; for one of timm timm.create_model(NAME, pretrained=True) and torch.onnx.export';
const SOURCE = 'the export to ONNX of the framework that it was made with';

/** What a name tells of its file, and how to come by one that is read. */
const CONVERT: readonly (readonly [RegExp, string, string])[] = [
  [/\.tflite$/, 'a TensorFlow Lite model', EXPORT_COMMANDS.tflite],
  [/\.task$/, 'a MediaPipe bundle around a TensorFlow Lite model', EXPORT_COMMANDS.tflite],
  [/\.pb$/, 'a TensorFlow SavedModel or graph', EXPORT_COMMANDS.savedModel],
  [/pytorch_model\.bin$/, 'weights of PyTorch without the network', OPTIMUM],
  [/\.(pt|pth|pth\.tar|ckpt)$/, 'a PyTorch checkpoint', TORCH],
  [/\.safetensors$/, 'a file of weights without the network', OPTIMUM],
  [/\.(mlmodel|mlpackage|mlmodelc)$/, 'a Core ML model', SOURCE],
  [
    /\.gguf$/,
    'a model of llama.cpp, which holds a language model',
    'optimum-cli export onnx of the model that it was made from, if that is a classifier',
  ],
  [
    /\.(engine|plan|trt)$/,
    'a TensorRT engine, compiled for one graphics card',
    'keep the ONNX file that trtexec --onnx was given',
  ],
  [
    /\.ort$/,
    "a model in ONNX Runtime's own format",
    'keep the .onnx file that convert_onnx_models_to_ort was given',
  ],
  [
    /\.xml$/,
    'an OpenVINO model',
    'keep the ONNX file that ovc was given, or use the export of the framework that it was made with',
  ],
  [
    /\.(pdmodel|pdiparams)$/,
    'a PaddlePaddle model',
    'paddle2onnx --model_dir FOLDER --model_filename inference.pdmodel --params_filename inference.pdiparams --save_file model.onnx (pip install paddle2onnx)',
  ],
  [
    /\.(caffemodel|prototxt)$/,
    'a Caffe model',
    'python -m caffe2onnx.convert --prototxt net.prototxt --caffemodel net.caffemodel --onnx model.onnx (pip install caffe2onnx)',
  ],
  [
    /\.params$/,
    'weights of MXNet',
    "mx.onnx.export_model('net-symbol.json', 'net.params', [(1, 3, 224, 224)], np.float32, 'model.onnx') in Python",
  ],
  [
    /\.(pkl|pickle|joblib|skops)$/,
    'a pickled Python object',
    "to_onnx(model, X[:1], options={'zipmap': False}) of skl2onnx (pip install skl2onnx), or for scikit-learn the JSON of docs/models-of-tables.md",
  ],
  [/\.(npz|npy)$/, 'arrays of NumPy without the network', SOURCE],
  [/\.weights$/, 'weights of Darknet without the network', SOURCE],
];

/** What whylens reads, for messages. */
const READ = 'a .onnx, .keras or .h5 file or a model.json of TensorFlow.js';

/** What a file is, by its name, and what makes one that is read; undefined for what may be read. */
export function otherFormat(
  file: string,
): { readonly what: string; readonly command: string; readonly ending: string } | undefined {
  const plain = file.replace(/[?#].*$/, '').toLowerCase();
  for (const [pattern, what, command] of CONVERT) {
    if (pattern.test(plain)) return { what, command, ending: /\.\w+$/.exec(plain)![0] };
  }
  return undefined;
}

/** @throws WhylensError `MODEL_LOAD` with the export command, for a name of such a file */
export function refuseOtherFormats(file: string): void {
  const found = otherFormat(file);
  if (found === undefined) return;
  throw new WhylensError(
    'MODEL_LOAD',
    `'${file}' must be ${READ}, got a ${found.ending} file, ${found.what}. Make an ONNX file of it: ${found.command}`,
    { facts: { file } },
  );
}

/**
 * What comes in place of a file where something went wrong on its way.
 *
 * @throws WhylensError `MODEL_LOAD` for nothing at all, a page, or a pointer of Git LFS
 */
export function refuseNoModel(bytes: Uint8Array, file: string): void {
  const start = new TextDecoder().decode(bytes.subarray(0, 64));
  const found =
    bytes.length === 0
      ? 'the file is empty'
      : /^\s*<(!doctype|html|\?xml)/i.test(start)
        ? 'it is an HTML or XML page; is the address right?'
        : start.startsWith('version https://git-lfs')
          ? 'it is a Git LFS pointer: run git lfs pull'
          : undefined;
  if (found === undefined) return;
  throw new WhylensError('MODEL_LOAD', `'${file}' is no model: ${found}`, {
    facts: { file, bytes: bytes.length },
  });
}
