using DeviceAcme.Bench.Commands;

return await BenchCommand.Run(args, TimeProvider.System);
