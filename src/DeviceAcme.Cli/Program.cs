using DeviceAcme.Cli;

return await CommandLine.Run(args, Console.Out, new Talk(Console.Error), TimeProvider.System);
