using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Server;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary><c>deviceacme</c>, as an administrator calls it on the server's machine.</summary>
internal static class DeviceAcmeProgram
{
    private static readonly string Assembly = Path.Combine(AppContext.BaseDirectory, "deviceacme.dll");

    /// <summary>The program as a shell starts it.</summary>
    public static string Shown => $"DEVICEACME_SERVER_PROGRAM={typeof(ServerOptions).Assembly.Location} dotnet {Assembly}";

    public static Task<ProgramResult> Run(params string[] arguments) =>
        Programs.Run(Assembly, arguments, new Dictionary<string, string> { ["DEVICEACME_SERVER_PROGRAM"] = typeof(ServerOptions).Assembly.Location });
}
