/** The process of one simulation: takes its name as argument, sends its measurements over the IPC channel, and ends. */
import { SIMULATIONS, type SimulationName } from './simulation.ts';

const measurements = await SIMULATIONS[process.argv[2] as SimulationName]();
process.send!(measurements, () => process.exit(0));
