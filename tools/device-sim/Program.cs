using DeviceAcme.Simulator;
using DeviceAcme.Simulator.Commands;

// In a fleet, what waits for a socket goes on in the thread that saw it become ready: nobody is woken for it, which was a tenth of the processor time. The runtime takes
// this from the environment alone, when the process uses its first socket. Here and not in the command: a test that runs a fleet in its own process must not hand
// it on to servers, which block such threads and would wait for themselves.
if (args is ["fleet", ..])
{
    Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
}

return await CommandLine.Run(args, new Terminal(Console.Out, Console.Error), TimeProvider.System);
