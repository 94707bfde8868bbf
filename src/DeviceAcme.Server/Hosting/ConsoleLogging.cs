using Microsoft.Extensions.Logging.Console;

namespace DeviceAcme.Server.Hosting;

/// <summary>One line per event on stderr; the framework speaks only when something is wrong.</summary>
internal static class ConsoleLogging
{
    public static void Add(ILoggingBuilder logging, LogLevel level)
    {
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.IncludeScopes = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.UseUtcTimestamp = true;
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        var framework = level == LogLevel.Debug ? LogLevel.Information : LogLevel.Warning;
        logging.SetMinimumLevel(level);
        logging.AddFilter("Microsoft", framework);
        logging.AddFilter("System", framework);
        // A port in use or a client's broken handshake is told by us, or not at all.
        logging.AddFilter("Microsoft.Extensions.Hosting", level == LogLevel.Debug ? LogLevel.Information : LogLevel.Critical);
    }
}
