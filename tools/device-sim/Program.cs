using DeviceAcme.Simulator;
using DeviceAcme.Simulator.Commands;

return await CommandLine.Run(args, new Terminal(Console.Out, Console.Error), TimeProvider.System);
