// Answers each line of JSON (a Simulation of iam-simulate) with one: the outcome, or why there is none.
// The module is searched beside this file's working directory, where `make differential` installs it.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const { runSimulation } = createRequire(join(process.cwd(), 'package.json'))('@cloud-copilot/iam-simulate')

async function answer(simulation) {
  const found = await runSimulation(simulation, {})
  if (found.resultType === 'error') return { error: found.errors }
  return { outcome: found.overallResult, ignored: found.result?.ignoredContextKeys ?? [] }
}

for await (const line of createInterface({ input: process.stdin })) {
  let told
  try {
    told = await answer(JSON.parse(line))
  } catch (error) {
    told = { error: String(error) }
  }
  process.stdout.write(JSON.stringify(told) + '\n')
}
