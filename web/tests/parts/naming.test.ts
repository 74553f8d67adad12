import { describe, expect, it } from 'vitest'
import { isName, nameFault, suggestedName } from '../../src/parts/avatars/naming'

describe('an avatar’s name', () => {
  it('has letters of any script, digits, spaces and a few marks', () => {
    for (const name of ['Anna', '小李', 'Dr. Who-2', '_x', 'Élodie', 'नमस्ते', '7']) expect(isName(name), name).toBe(true)
    for (const name of ['', ' ', '.hidden', '-x', 'a/b', 'a..b', 'ends.', 'x'.repeat(65), 'a\nb', '<b>']) expect(isName(name), name).toBe(false)
  })

  it('is told apart from one that cannot be, and from one that there is', () => {
    expect(['', ' ', 'Anna', 'a/b', ' ANNA 2 '].map((name) => nameFault(name, ['anna 2']))).toEqual(['', '', '', 'bad', 'taken'])
  })

  it('is suggested from the file, if that says something', () => {
    expect(suggestedName('anna_li-portrait.jpg', [])).toBe('anna li portrait')
    expect(suggestedName('小李.png', [])).toBe('小李')
    for (const file of ['IMG_2034.JPG', '20240501_120000.jpg', 'image.png', '微信图片_20240501.jpg', '.jpg', '???.png']) expect(suggestedName(file, []), file).toBe('')
  })

  it('is not one that is taken', () => {
    expect(suggestedName('anna.jpg', ['Anna', 'anna 2'])).toBe('anna 3')
  })

  it('is one that the server takes, however long the file’s is', () => {
    expect(isName(suggestedName(`${'ab '.repeat(60)}.jpg`, []))).toBe(true)
  })
})
