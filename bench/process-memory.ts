import { readFileSync } from 'node:fs';

/** The memory that a process has, in MB; 0 of one that is gone. Linux only. */
export const residentMb = (pid: number | undefined): number => readStatus(pid, 'VmRSS');

/** The most that it ever had. */
export const peakMb = (pid: number | undefined): number => readStatus(pid, 'VmHWM');

function readStatus(pid: number | undefined, field: string): number {
  try {
    const [, kilobytes = '0'] =
      new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) / 1_024;
  } catch {
    return 0;
  }
}
