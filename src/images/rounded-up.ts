/**
 * One bit a sample, 256 × red, green, blue, in base64: set where d3 rounded a
 * colour up that matplotlib, and with it ELI5, truncates. Both libraries have
 * the same four tables (by van der Walt and Smith, CC0); one of 255 looks the
 * same, but it is amplified where a thin layer of colour is resampled.
 */
export const ROUNDED_UP: Readonly<Record<string, string>> = {
  viridis:
    'Bx1Y8ZV+jYCBbt/KWpWpXMq6MOfFE7ypgpqy77yyz7ffeSywEEAgmWSyUNppOSzfylIFszS+3BhgqXzRINyfUNOSgC2k39u1K1CsfjhxyqqjmPDqHKxVKrUWjw3HdOI5',
  plasma:
    '5WpP/kk7alI/XoufBj3MObxohpEEWUGHPGMjz4MNDycBsT/AkbfsiSQlv/9sm20traQE/7Ak7ZkS9oWhvQgfIylfMQr5yi9eGj5cwvKGvCDOnmsYR+qF4mGVPEeH5rUe',
  inferno:
    'NzvUw90nuLnGo64hmbpbsatIgfg8cYxwdOCgw0GGjpwVcPjquFVRxquNUeD5ip7gi2EECyWBtL2Bfk1LCd81YVqPQ6nUPVKxMT0AO/1lsmyb2a3Fohppq+eN7LUfLZoK',
  magma:
    'NzmGLvLZSBdmrDuM6lHXoreh+BkJrcHqqucVOP4zro0WGPJ4w0GPrinODqHG44VRx3HK4zGcFeVNEr2R+rRQvnQrdNeXIoeT0BN7bNs3aBKaRBTRBacl28BaUv2ALbk2',
};
