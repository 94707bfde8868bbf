namespace DeviceAcme.Server.Hosting;

internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>It was asked rightly and went wrong.</summary>
    public const int Failure = 1;

    /// <summary>It was asked wrongly: command line or configuration.</summary>
    public const int Usage = 2;
}
