/**
 * Made by scripts/make-font.mjs, which says how the bytes are laid out; do not
 * edit. A part of the typeface Inter, under this licence:
 *
 * Copyright 2020 The Inter Project Authors (https://github.com/rsms/inter)
 *
 * This Font Software is licensed under the SIL Open Font License, Version 1.1.
 * This license is copied below, and is also available with a FAQ at:
 * https://scripts.sil.org/OFL
 *
 *
 * -----------------------------------------------------------
 * SIL OPEN FONT LICENSE Version 1.1 - 26 February 2007
 * -----------------------------------------------------------
 *
 * PREAMBLE
 * The goals of the Open Font License (OFL) are to stimulate worldwide
 * development of collaborative font projects, to support the font creation
 * efforts of academic and linguistic communities, and to provide a free and
 * open framework in which fonts may be shared and improved in partnership
 * with others.
 *
 * The OFL allows the licensed fonts to be used, studied, modified and
 * redistributed freely as long as they are not sold by themselves. The
 * fonts, including any derivative works, can be bundled, embedded,
 * redistributed and/or sold with any software provided that any reserved
 * names are not used by derivative works. The fonts and derivatives,
 * however, cannot be released under any other type of license. The
 * requirement for fonts to remain under this license does not apply
 * to any document created using the fonts or their derivatives.
 *
 * DEFINITIONS
 * "Font Software" refers to the set of files released by the Copyright
 * Holder(s) under this license and clearly marked as such. This may
 * include source files, build scripts and documentation.
 *
 * "Reserved Font Name" refers to any names specified as such after the
 * copyright statement(s).
 *
 * "Original Version" refers to the collection of Font Software components as
 * distributed by the Copyright Holder(s).
 *
 * "Modified Version" refers to any derivative made by adding to, deleting,
 * or substituting -- in part or in whole -- any of the components of the
 * Original Version, by changing formats or by porting the Font Software to a
 * new environment.
 *
 * "Author" refers to any designer, engineer, programmer, technical
 * writer or other person who contributed to the Font Software.
 *
 * PERMISSION & CONDITIONS
 * Permission is hereby granted, free of charge, to any person obtaining
 * a copy of the Font Software, to use, study, copy, merge, embed, modify,
 * redistribute, and sell modified and unmodified copies of the Font
 * Software, subject to the following conditions:
 *
 * 1) Neither the Font Software nor any of its individual components,
 * in Original or Modified Versions, may be sold by itself.
 *
 * 2) Original or Modified Versions of the Font Software may be bundled,
 * redistributed and/or sold with any software, provided that each copy
 * contains the above copyright notice and this license. These can be
 * included either as stand-alone text files, human-readable headers or
 * in the appropriate machine-readable metadata fields within text or
 * binary files as long as those fields can be easily viewed by the user.
 *
 * 3) No Modified Version of the Font Software may use the Reserved Font
 * Name(s) unless explicit written permission is granted by the corresponding
 * Copyright Holder. This restriction only applies to the primary font name as
 * presented to the users.
 *
 * 4) The name(s) of the Copyright Holder(s) or the Author(s) of the Font
 * Software shall not be used to promote, endorse or advertise any
 * Modified Version, except to acknowledge the contribution(s) of the
 * Copyright Holder(s) and the Author(s) or with their explicit written
 * permission.
 *
 * 5) The Font Software, modified or unmodified, in part or in whole,
 * must be distributed entirely under this license, and must not be
 * distributed under any other license. The requirement for fonts to
 * remain under this license does not apply to any document created
 * using the Font Software.
 *
 * TERMINATION
 * This license becomes null and void if any of the above conditions are
 * not met.
 *
 * DISCLAIMER
 * THE FONT SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND,
 * EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO ANY WARRANTIES OF
 * MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT
 * OF COPYRIGHT, PATENT, TRADEMARK, OR OTHER RIGHT. IN NO EVENT SHALL THE
 * COPYRIGHT HOLDER BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY,
 * INCLUDING ANY GENERAL, SPECIAL, INDIRECT, INCIDENTAL, OR CONSEQUENTIAL
 * DAMAGES, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING
 * FROM, OUT OF THE USE OR INABILITY TO USE THE FONT SOFTWARE OR FROM
 * OTHER DEALINGS IN THE FONT SOFTWARE.
 */

/** Height above the baseline in 512ths of an em. */
export const ASCENT_UNITS = 496;

export const REGULAR_WIDTHS =
  'IF+gAga4AaoBCtwC2QLfAkIAjAGkAf0CsAGvAUqUAuUB0AEIHjUcNzYC0wIO8AIAAJkB0gObAiNOB3sLoAEB5QO0Amhr2gKZAQyBAYIBewEEZDewArcCATONAgMEbA2JAfYBNCkqHdkB+AEV5QIAugK5AooFowIIDgDxAZoBywGOAh2GApUCEAmBAV9g8gEhDYUDBqQCKHSxAZ8CsgIYygLXA4QBUgGbAQS/ARfUAeEBBH2OAhLBAhUmtgFm4gEuJPsCtgEAAAAAALgCjQKDAQAAANMCAAAA3AMUDAAAAABpahUAAABBKxM3AAAAAADsAuECDAAAAN0CAAAA3AIKCAAAAABAPwcAAAAdNDOCAYEBggGBAYIBgQGsAaEBogGhAaIBoQGiAaEBmgELGHsLERIREhESERIRpgGHAYgBhwGIAYcBiAGHAYYBmwG+Ab0ByQIbHBscGxwbHBvkBOsCWM8CuAN9FyrLAswCywLMAucB5AHPAfIB6QKMBKUBpgGlAaYBpQEBeqYBpQGyAakBqgGpAaoBqQGgAwXrApECkgKRApICkQKQAnV2dXZ1dnV6xQLGApMClALFAqoDmwGcAZsBnAGbAZwBmwGcAZsBnAGbAZQDqwGNAXd4M01OTU5N8wGyArYBiQErsgFfJgCbAaABgAHlARVHPJQBgwEbywHsAm/CArMFQNwCgwG5ApoDkAKdAaUBsgEDpwGYAu0BjAGlAXRVdWpV3wHIAs0CzAJifZYBhQFQITNNiAEAQVFGAEEBXvcCXncuAYsB8gdvG88CywLcBs8CpQGTAYEBqwIbmASpAZQBmwGcAZsBnAGbAZwBmwGcAZsBB2yBAYIBgQG6A02vAUtMhwE8fd4BqQGqAakBWEGDA/AIT2+rA4cBhgTtA3ilAWSBAboDTZsBqQFcgQGCAYEBKBESEcECGxwbmASpAaoBqQEukQKSApEC+AKbAZwBmwE0dXrFAroCXc4BmwEqjAGLAQADTYwBgQEoEboBqQGqAakBqgGpAaoBqQFSd6cB5gLbAqkBpgUA2wEqoQEGRnkaCQByWg9/ERbzApgEmwEklQKqAmtgVYEBEIECWA9eXIgBpQG3AfQB2QEFCGsMmAIAAgAAACUA8QGyAncAuQG0AnkAWwBrDL4BAABdco0BOh3yAQnbAVJcgwLGAQoyVwAAAAAAAl4FCVMAAABNTr4BAF+lARUAAAC8AQECzQMAAAAAAQUAAAAAAAEBAAIBAAMBAAEBAAUBAAcB+AECA/cBAAADAQAKAgAACQIAAAIqAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABAOSAgLwAwMG8QO4AgAAkwKSAgQHswKeAxCZA8wDkgHlAwEB0gMBFBIH4QSoAyNNalEcdhb7A5wDEtwBmQFjcBVrATU0KyLOAcsBzAFx/wOkAw+BATjDAsQCSkUhFi8bVB7hAoACeDkCHSoGCCs4oQGAAYQBmwHWARydBMQCCAfaAYcBJQAmsgGxAQ6KAa0CBAJGPRIHxAFbP9ECmATBAgACAp4CsgEBfqkCeAAAgwEA9gGNApwBWf0CALQCrAQM9QHZAVR/YCErCE34Ad8B8ALfAowBAFNOoAGjARYVa15VEcwBlQEoE4YCEJ8BRO0BUqQC+wJTIB2DAbYBHegBwwJkADEixgG5AQwLGilrYoABjwE0E/oBEMUBXrUBDpYCpwIeAAifAYwBLaMCAAC6BRu3AjEyHRq8Alt3S94CswFdefgCpQFQoQHMA70BpwMV7gJpC6kBbHFyce4FuwEGHrkDkwFEhwUAAAAAAACEBqUBZEsUGR+RAZIBkQHeAXHCA5kB2QF92gGTAWpRAmCEAtkBhgGdAYgDuwK4A70BQtMBMaEBTLcB2gF3eHeOAYkB5gKFAjh9cH1+b/4Bf4ABf8cDxAWZAYEBYaQBrwGsAZ8BoAGfAYIBfcACiQGbBMoDgQGCAYEBugNNwwIRpgGlAaYBpQGCA5kBxQF9ggEAiAGlAaYBpQGyAakBqgGpAaoBqQGGAaEBOkNEQ0RDjgF9AJEBygOVAZMBnwGQArcBpAGJAS8BLNAxnAFmgQFeKSopKil4oQGaAW9wb3BvcG9wbwsREhESERIREhEG3wGAA4cBhgGbAZwBmwGcAZsBnAGbAZwBmwHJAhscG7gDfX59fn0SywLMAssCzALLAswCywKmBRscGxwbfaUBpgGlAaYBpQGmAaUBsgGpAaoBqQGqAakBqgGpASgZGhkgkQKSApECkgKRApICkQKQAnV2dXZ1dnV2dXrFAsYCxQLGAsUCxgLFAqoDmwGcAZsBnAGbAZwBmwGcAZsBZIEBggGBAbIDqwGsAasBrAGrAawBqwGsAasBiwGJAYoBiQGIAXdETU5NTk0ojQL2A4UCAP0BAWMw5AKrAZgBgQGCAYEBggGBAYIBgQGCAYEBggGBAYIBgQGCAYEBggGBAYIBgQGCAYEBggGBASgREhESERIREhESERIREhHBAhscG5gEqQGqAakBqgGpAaoBqQGqAakBqgGpAaoBqQGmAacBqAGnAagBpwGoAacBqAGnAZYBmwGcAZsBmgF9fn1+fX59fn0+d3h3eHd4d8gB0wEFALwBXYACDFuuBN0EgASpBVVV7gPvAm1bXQQY8AIAqAKXAYAEAJUEGcMBABMUuAEAExQ0AEgAlwKmAqgCzQQHJ22eCeoC3QviAeABwQPiAeAB0wFHAIYCQUUimgIA8wKUAqMB+wKyAQCiBeUBAOkCogELAFvLAYoElQLKAQtckQIBAdYCBwHnBBACtgGLAgIbjgIVBCUuBw0AAKMBAKoBGJ0BjAEEEBUEJS4HDQAAowEAAQ2IARAKGzQPJ8sBtgPBAQIvkwEDEPADAACBAQj+AVvKAZ4BqQGLAdEBNi5B+gUBBecFVDk5ZAIDVWs2AQSIARkaSUACwAITAQHqAQECzwEgAgEsCQHnBAIClgW1AQYF4wEzJ2JXAwGiAQMCYxICATkDASsIAZgBEQGUAQIwAROOAo0CYF9iDxhpVllSBHvbAtcBkgKUApwBkwKUApIClAKtBJMClAKSApsFqAEHugGLBd4B+AFQjQK6AcwC+AH/A/0B/gH4AacG0gI8/AEDBPcBXboBYgIBjAEGCgF7fHuIBIcEOwAAAA8C+gIABQKfAQABAwCdAZ4BBAIhABQBAAEBAAEBjAMJAu8FAAQCogMAAQEQAgEAFwGVAwICNAMIASoBAlkcBwEhAwG6AgwBxwQKAU0RAf4CFwEAAwIAAC8E6gUAAACHBgPnAwAABwHnAgcCzAMAAgJhAAIEAABiAAICYQACBAAAigEAAgL/A/QCAwEAFgHnAggB0AajAgGFBAMBAg==';

export const BOLD_WIDTHS =
  'IF+CAkjOAXwG6gLdAtcCMACqAYoB6wKWAZUBPqAC8QHMAQ4eNRxBQgDJAgzgAgAAhQHUA5UCRU4NdxGmAQPfA7YCfosB7AKlAQp/hAF7AQpOB6oCsQIHPZ0CBgVwDXfkATQrLCHPAfIBC+cCALwCuwKOBacCARAA6QGcAccBigIZggKVAhQVcWFi4AEhDa8DSIoCMHy9Af0BggIstgLPA7IBKAGbAQnZAQjcAeEBCnGOAg+fAg4HqAGWAcoBJij1Ar4BAAAAAACkApsChQEAAADPAgAAAOYDCAoAAAAAYWIhAAAAFzcNRwAAAAAA2gLRAgoAAADRAgAAANQCEgEAAAAAQkEEAAAAGSYlkAGdAZ4BnQGeAZ0BpgGdAZ4BnQGeAZ0BngGdAZABEgyBARMNDg0ODQ4NDg2iAX+AAX+AAX+AAX98hwG8AbsB1wIPEA8QDxAPEA/iBNUCOsUCxAOHAQMAtwK4ArcCuALBAcgBmwG6AdsC/gOXAZgBlwGYAZcBAXqYAZcBogGjAaQBowGkAaMBngMV2wKFAoYChQKGAoUChAJnaGdoZ2hncrkCugL1AfYBuQKIA31+fX59fn1+fX59oAO3AYEBf4ABPVdYV1hX7QGqAtQBswEf0AFhBACFAZYBkgHzAR8NBZQBczGZAcACL5QCsQU67AKPAbsCogOSArUBlQGgAQSpAbYC0wF0wwGAAWVnbCuHAuAC4QK8AkxZggF3ajkzV3wAMU0+BA8vYPsCYHk+AYsB3AdjLcMCtwLEBsUClwGTAZ0BrwIPiASjAYIBfX59fn1+fX59FYwBnQGeAZ0BwgNnpQFDRH9QhwHMAaMBpAGjAVAxgQP0CFljwQN//gOrAziXAXidAcIDZ5EBowF6nQGeAZ0BIA0ODcECDxAPiASjAaQBowEshQKGAoUC3AJ9fn0mZ3K5ArYCXboBhwEsgAF/AANXpgGdASANtgGjAaQBowGkAaMBpAGjAWp/rQHmAskCuwGwBQDRAQidAQ5CcRIBAHBQAZMBDRztAooElQEokQK6AnWkAgO3AgLmAwMG5QOwAgAAgQKAAgQHiwKMAxijA9QDkAHfAwEB0AMBFCIb7QS4A0VPkAF3MGAY9wO0AxrGAaUBU14XZwE1MB82tAGrAawBcf8DvgMdhwFAwQLAAkpPEQovGVoMzQKSAmo3CS80EgErPpUBdqYBuQHiAQyZBMACAQLaAXstASrMAcsBIKgBzQIEAh47EgfaAV1NxwKIBLMCAAICkgK+AQF+rwJyAACFAQD+AZUCngFX/QIAtgKmBArxAb8BOlk4AlMOT5QC+wG2A5UDfgA5MLABswEYF2deTQymAXMgL5gCGLMBUv0BULAChQNPICF/ygE1hALVAmgAKxjSAb8BAQMUK1depAG3AUYrhAIYzwF2zwEEmgKnAhYAFqkBjAEjpQIAALQFFbUCKywZEuICX50BRegCrwFXkwGQA6MBPJMBxgOtAcEDGegCTSujAYYBhQGGAYUB/gW1AQYe2wOJAU6fBQAAAAAAAIoGlQFcRRAnHYkBigGJAdoBY4AEvwHzAX/sAZMBalUCYIQC2wF0iQH0ArECsAO/AV7TAVOdAVCnAd4Bf4ABf6YBmwHeAvsBJHFacXJdigKHAYgBhwHZA4YGvwGdAVGOAZ8BnAGJAYoBiQF4cbgCfaUE3gOdAZ4BnQHCA2e5Ag2gAZ8BoAGfAcQDvwHVAX+CAQB8lQGWAZUBoAGjAaQBowGkAaMBggGbAVpVVlVWVXhxC4kB1gN9rwGnAcAC5QG+AZsBLwEy4DUYxwEA5gGVAYAEANkDRbEBABUW2gEFFRY0ADEAvQHGAsgCjQUHFpsB0gn4AusLhAKGAokEhAKGAv8BZwDYAm9nHdACAPsCoAL7AbEC';
