"""The rig: fleets of simulated devices that run the real device core, the faults they meet, and the proof afterwards."""
