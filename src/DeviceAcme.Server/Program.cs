using DeviceAcme.Server.Hosting;

return await ServerProgram.Run(args, TimeProvider.System);
