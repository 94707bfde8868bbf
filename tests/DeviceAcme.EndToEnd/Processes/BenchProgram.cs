namespace DeviceAcme.EndToEnd.Processes;

/// <summary>The bench as a program; some of its commands are tests too.</summary>
internal static class BenchProgram
{
    public static string Path { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "DeviceAcme.Bench.dll");
}
