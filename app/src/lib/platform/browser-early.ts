export { startDbWorkerEarly as startEarly } from '@stemma/store/browser/start-db-worker';
