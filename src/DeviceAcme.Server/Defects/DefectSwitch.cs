using DeviceAcme.Server.Hosting;

namespace DeviceAcme.Server.Defects;

/// <summary>Which rules this process breaks: <c>--defect NAME</c> one for all requests, <c>--defect by-request</c> the one that a request names in its header, nothing without it.</summary>
/// <param name="Always">The defect of all requests.</param>
/// <param name="ByRequest">Requests may name one.</param>
internal sealed record DefectSwitch(PlantedDefect? Always, bool ByRequest)
{
    /// <summary>The header in which a request names a defect.</summary>
    public const string Header = "Planted-Defect";

    private const string OptionName = "--defect";
    private const string EachRequest = "by-request";

    public static DefectSwitch Off { get; } = new(null, false);

    /// <summary>Takes the option out of the command line; false where it names nothing that there is.</summary>
    public static bool Take(ref string[] arguments, Talk talk, out Action<WebApplicationBuilder>? customize)
    {
        customize = null;
        var place = Array.IndexOf(arguments, OptionName);
        if (place < 0)
        {
            return true;
        }

        var name = place + 1 < arguments.Length ? arguments[place + 1] : "";
        if (name != EachRequest && PlantedDefects.Find(name) is null)
        {
            talk.Error($"{OptionName}: there is no defect '{name}'");
            talk.Hint($"{EachRequest}, or one of {string.Join(", ", PlantedDefects.All.Select(defect => defect.Name))}");
            return false;
        }

        arguments = [.. arguments[..place], .. arguments[(place + 2)..]];
        var planted = new DefectSwitch(PlantedDefects.Find(name), name == EachRequest);
        customize = builder => builder.Services.AddSingleton(planted);
        talk.Warning($"this server is wrong on purpose ({name}): for trials of conformance suites only");
        return true;
    }

    /// <summary>The rule that a request is to meet broken; null for a right server.</summary>
    public PlantedDefect? For(HttpRequest request) => ByRequest ? PlantedDefects.Find(request.Headers[Header].ToString()) : Always;
}
