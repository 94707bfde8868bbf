namespace DeviceAcme.Server.Hosting;

/// <summary>Stops the server when its standard input ends. A pipe ends with the process that holds its other end, also where that one is killed.</summary>
internal static class EndOfInput
{
    public static void Watch(IHostApplicationLifetime lifetime) => new Thread(() =>
    {
        using var input = Console.OpenStandardInput();
        var ignored = new byte[256];
        while (input.Read(ignored) > 0)
        {
            // what is written there is nobody's message
        }

        lifetime.StopApplication();
    })
    { IsBackground = true, Name = "end of input" }.Start();
}
