// What a Node program costs that asks systeminformation each second for what the daemon samples.
import information from 'systeminformation';

const QUESTIONS = {
  currentLoad: '*',
  fullLoad: '*',
  cpuCurrentSpeed: '*',
  mem: '*',
  networkStats: '*',
  disksIO: '*',
  fsStats: '*',
  fsSize: '*',
  time: '*',
};

let asking = false;
setInterval(async () => {
  // A round that takes longer than a second must not pile up.
  if (asking) return;
  asking = true;
  await information.get(QUESTIONS);
  asking = false;
}, 1000);
