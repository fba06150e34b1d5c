import test from 'ava';
import {
  column,
  percent,
  plain,
  plainColumn,
  short,
  shortNameOf,
  signed,
  signedColumn,
  titled,
  wholePercent,
} from '../../../formatters/shared/numbers.js';

test('a number has four digits that count, and what is before the point whole', (t) => {
  t.is(plain(9.8125), '9.813');
  t.is(plain(6.25), '6.25');
  t.is(plain(0.03125), '0.03125');
  t.is(plain(-0.000123456), '-0.0001235');
  t.is(plain(52341), '52341');
  t.is(plain(52341.6), '52342');
  t.is(plain(22.14159, 3), '22.1');
  t.is(plain(0), '0');
  t.is(plain(1.5e9), '1.500e+9');
});

test('in print it has a real minus sign and powers of ten', (t) => {
  t.is(short(-6.25), '−6.25');
  t.is(short(1.5e9), '1.500 × 10^9');
  t.is(short(-2.5e-7), '−2.500 × 10^-7');
  t.is(signed(6.25), '+6.25');
  t.is(signed(0), '0');
});

test('a column has one number of decimals', (t) => {
  const format = plainColumn([0.0123, -0.5]);
  t.is(format(-0.5), '-0.5000');
  t.is(format(0.0123), '0.0123');
  t.is(plainColumn([12345.6])(12345.6), '12345.6');
  t.is(plainColumn([1e-9])(1e-9), '1.000e-9');
  t.is(plainColumn([])(0), '0.000');
  t.is(column([2.5, -3])(-3), '−3.000');
  t.is(signedColumn([2.5, -3])(2.5), '+2.500');
});

test('shares are said in per cent', (t) => {
  t.is(percent(0.8125), '81.3 %');
  t.is(percent(0.00001), '< 0.1 %');
  t.is(percent(0.99999), '100 %');
});

test('titles: the first synonym of each class, whole per cent', (t) => {
  const target = (label: string, proba?: number) => ({
    target: 1,
    label,
    ...(proba !== undefined && { proba }),
  });
  t.is(shortNameOf(target('dalmatian, coach dog, carriage dog')), 'dalmatian');
  t.is(
    shortNameOf(target('tabby, tabby cat − 0.5 × bull mastiff, x')),
    'tabby − 0.5 × bull mastiff',
  );
  t.is(shortNameOf({ target: 7 }), 'class 7');
  t.is(shortNameOf(target(', ')), ', ');
  t.is(titled(target('dog, hound', 0.578)), 'dog, 58 %');
  t.is(titled({ target: 7, score: 12.345 }), 'class 7, score 12.35');
  t.is(wholePercent(0.001), '< 1 %');
  t.is(wholePercent(0.999), '> 99 %');
  t.is(wholePercent(1), '100 %');
  t.is(wholePercent(0), '0 %');
});
