using System.CommandLine;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Commands;

/// <summary><c>vendor init DIR</c></summary>
internal static class VendorCommand
{
    public static Command Make(Terminal terminal)
    {
        var folder = new Argument<string?>("DIR") { Description = "where the anchors and the seed go (default: .dev/vendors)", Arity = ArgumentArity.ZeroOrOne };
        var seed = new Option<string?>("--seed") { Description = "text to grow all keys from; without it a random one is drawn and kept" };
        var init = new Command("init", "make the fake vendors, or find them as they are") { folder, seed };
        init.SetAction(parsed =>
        {
            var vendors = new VendorFolder(parsed.GetValue(folder) ?? Defaults.Vendors);
            var (_, written) = vendors.Init(parsed.GetValue(seed));
            foreach (var file in written)
            {
                terminal.Data(file);
            }

            terminal.Say(written.Count > 0
                ? $"device-sim: fake vendors in {vendors.Path}; whoever can read {vendors.SeedPath} can make their devices: never trust them in production"
                : $"device-sim: the fake vendors in {vendors.Path} were there already");
            return Exit.Done;
        });
        return new Command("vendor", "the fake vendors whose devices this simulator has") { init };
    }
}
