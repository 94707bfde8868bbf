using Microsoft.Extensions.Logging.Console;

namespace DeviceAcme.Server.Hosting;

/// <summary>The log goes to stderr; the framework speaks only when something is wrong.</summary>
internal static class ConsoleLogging
{
    public static void Add(ILoggingBuilder logging, LogLevel level)
    {
        logging.AddConsole(console =>
        {
            console.FormatterName = DiaryFormatter.FormatterName;
            console.LogToStandardErrorThreshold = LogLevel.Trace;
        });
        logging.AddConsoleFormatter<DiaryFormatter, ConsoleFormatterOptions>();
        logging.SetMinimumLevel(level);
        var framework = level == LogLevel.Debug ? LogLevel.Information : LogLevel.Warning;
        logging.AddFilter("Microsoft", framework);
        logging.AddFilter("System", framework);
        // That the start failed is told by the program itself.
        logging.AddFilter("Microsoft.Extensions.Hosting", level == LogLevel.Debug ? LogLevel.Information : LogLevel.Critical);
    }
}
