/**
 * Makes src/api/schema.d.ts, the types of the server's interface, from openapi.json.
 * With --check it writes nothing and fails if the file is not what it would write.
 */
import { readFile, writeFile } from 'node:fs/promises'
import openapi, { astToString } from 'openapi-typescript'
import ts from 'typescript'

const TARGET = new URL('src/api/schema.d.ts', import.meta.url)
const schema = JSON.parse(await readFile(new URL('openapi.json', import.meta.url), 'utf8'))

for (const operation of Object.values(schema.paths).flatMap((methods) => Object.values(methods))) {
  // Every error is problem JSON, which `problemFrom` reads.
  operation.responses = Object.fromEntries(Object.entries(operation.responses).filter(([status]) => status < '4'))
}

const file = ts.factory.createTypeReferenceNode('Blob')
const types = await openapi(schema, {
  transform: (part) => (part.format === 'binary' ? file : undefined),
})
const text = `// Made by \`npm run api\` from openapi.json.\n${astToString(types)}`

if (!process.argv.includes('--check')) await writeFile(TARGET, text)
else if ((await readFile(TARGET, 'utf8').catch(() => '')) !== text) {
  console.error('src/api/schema.d.ts is not what openapi.json describes: run `npm run api`.')
  process.exit(1)
}
