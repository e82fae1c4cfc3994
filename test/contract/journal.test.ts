import { openSqliteJournal } from '../helpers/journal.ts'
import { journalContract } from './journal-suite.ts'

journalContract(openSqliteJournal)
