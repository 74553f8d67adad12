import { describe, expect, it } from 'vitest'
import { guessedLanguage, spokenSeconds } from '../../src/parts/videos/guess'

describe('the language of a text', () => {
  it.each([
    ['en', 'Hello! I was a photo a moment ago, and now I can say what you write.'],
    ['zh', '你好！很高兴认识你。'],
    ['zh', '我们用 PyTorch 训练一个模型。'],
    ['ja', '今日はとても良い天気ですね。'],
    ['ko', '안녕하세요, 만나서 반갑습니다.'],
    ['ru', 'Здравствуйте, как дела?'],
    ['de', 'Guten Tag, ich freue mich, Sie hier zu sehen.'],
    ['fr', 'Bonjour, je suis content de vous voir dans cette ville.'],
    ['es', 'Hola, no sé cómo está usted pero yo estoy bien.'],
    ['en', 'The Chinese word 你好 means hello.'],
  ])('is found: %s', (language, text) => {
    expect(guessedLanguage(text)).toBe(language)
  })

  it('is not made up', () => {
    for (const text of ['', '12345', 'Xyzzy', '🙂', '...']) expect(guessedLanguage(text), text).toBe('')
  })
})

describe('the time a text takes to say', () => {
  it('grows with the text and falls with the rate', () => {
    expect(spokenSeconds('')).toBe(0)
    const once = spokenSeconds('Hello, nice to meet you.')
    expect(once).toBeGreaterThan(1)
    expect(once).toBeLessThan(4)
    expect(spokenSeconds('Hello, nice to meet you.', 2)).toBeCloseTo(once / 2)
    expect(spokenSeconds('你好，很高兴认识你。')).toBeGreaterThan(1)
  })
})
