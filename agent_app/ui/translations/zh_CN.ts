<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>Card</name>
    <message>
        <source>Message</source>
        <translation>消息</translation>
    </message>
</context>
<context>
    <name>ClicksCard</name>
    <message>
        <source>Calibrate c&amp;licks</source>
        <translation>校准点击(&amp;L)</translation>
    </message>
    <message>
        <source>Clicks are being tried out here. Leave mouse and keyboard alone; touching them ends it.</source>
        <translation>正在此处试验点击。请勿触碰鼠标和键盘；一旦触碰即会结束。</translation>
    </message>
    <message>
        <source>Clicks arrive beside where they are wanted.</source>
        <translation>点击没有落在该落的位置。</translation>
    </message>
    <message>
        <source>Clicks arrive where they are wanted.</source>
        <translation>点击都落在该落的位置。</translation>
    </message>
    <message>
        <source>Error</source>
        <translation>误差</translation>
    </message>
    <message>
        <source>For some seconds, targets cover every monitor and are clicked, to see whether clicks arrive where they are wanted; where they do not, they are corrected from then on. Leave mouse and keyboard alone meanwhile: touching the mouse or a key, such as Esc, ends it.</source>
        <translation>在几秒钟内，靶标会覆盖每个显示器并被逐一点击，以查看点击是否落在该落的位置；若有偏差，此后会自动校正。其间请勿触碰鼠标和键盘：动一下鼠标或按任意键（如 Esc）即会结束。</translation>
    </message>
    <message>
        <source>Leave mouse and keyboard alone…</source>
        <translation>请勿触碰鼠标和键盘…</translation>
    </message>
    <message>
        <source>Monitor</source>
        <translation>显示器</translation>
    </message>
    <message>
        <source>Monitor {n} of {count}. Leave mouse and keyboard alone…</source>
        <translation>第 {n} 个显示器，共 {count} 个。请勿触碰鼠标和键盘…</translation>
    </message>
    <message>
        <source>Not calibrated yet.</source>
        <translation>还没有校准过。</translation>
    </message>
    <message>
        <source>Not possible while a run goes on.</source>
        <translation>运行进行时无法校准。</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>Set that monitor's scale to 100%, or let the agent work on a private desktop.</source>
        <translation>请把该显示器的缩放设为 100%，或让代理在私有桌面上工作。</translation>
    </message>
    <message>
        <source>What was found is not stored.</source>
        <translation>测得的结果没有保存。</translation>
    </message>
    <message>
        <source>When</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Where clicks land</source>
        <translation>点击落在哪里</translation>
    </message>
    <message>
        <source>corrected</source>
        <translation>已校正</translation>
    </message>
    <message>
        <source>corrected in part</source>
        <translation>部分校正</translation>
    </message>
    <message>
        <source>no correction helps</source>
        <translation>无法校正</translation>
    </message>
    <message>
        <source>no correction needed</source>
        <translation>无需校正</translation>
    </message>
    <message>
        <source>{size} at {place}</source>
        <translation>{size}，位于 {place}</translation>
    </message>
</context>
<context>
    <name>CompactStrip</name>
    <message>
        <source>&amp;Pause</source>
        <translation>暂停(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Veto</source>
        <translation>否决(&amp;V)</translation>
    </message>
    <message>
        <source>&amp;Window</source>
        <translation>窗口(&amp;W)</translation>
    </message>
    <message>
        <source>A limit was reached</source>
        <translation>达到了上限</translation>
    </message>
    <message>
        <source>A run goes on</source>
        <translation>正在运行</translation>
    </message>
    <message>
        <source>Back to the whole window (Ctrl+M)</source>
        <translation>回到完整窗口（Ctrl+M）</translation>
    </message>
    <message>
        <source>Do not do what it is about to (Esc)</source>
        <translation>不要做它将要做的（Esc）</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>Ended by an error</source>
        <translation>因错误结束</translation>
    </message>
    <message>
        <source>Getting ready…</source>
        <translation>正在准备…</translation>
    </message>
    <message>
        <source>Hold still (Ctrl+P)</source>
        <translation>停住（Ctrl+P）</translation>
    </message>
    <message>
        <source>No run</source>
        <translation>没有运行</translation>
    </message>
    <message>
        <source>Not done</source>
        <translation>未完成</translation>
    </message>
    <message>
        <source>St&amp;op</source>
        <translation>停止(&amp;O)</translation>
    </message>
    <message>
        <source>Step {number}</source>
        <translation>第 {number} 步</translation>
    </message>
    <message>
        <source>Stop at once (Ctrl+.)</source>
        <translation>立即停止（Ctrl+.）</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>The run, in short</source>
        <translation>运行概况</translation>
    </message>
    <message>
        <source>agent-app: the run</source>
        <translation>agent-app：运行</translation>
    </message>
</context>
<context>
    <name>Controls</name>
    <message>
        <source>First step (Home)</source>
        <translation>第一步（Home）</translation>
    </message>
    <message>
        <source>Last step (End)</source>
        <translation>最后一步（End）</translation>
    </message>
    <message>
        <source>Next step (→)</source>
        <translation>下一步（→）</translation>
    </message>
    <message>
        <source>Pause (Space)</source>
        <translation>暂停（空格）</translation>
    </message>
    <message>
        <source>Play (Space)</source>
        <translation>播放（空格）</translation>
    </message>
    <message>
        <source>Skip waiting</source>
        <translation>跳过等待</translation>
    </message>
    <message>
        <source>Slower or faster (− and +)</source>
        <translation>减慢或加快（− 和 +）</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>Step back (←)</source>
        <translation>上一步（←）</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Waits take half a second at most: for the model's first word, for the screen to settle, for an answer (S)</source>
        <translation>等待最多显示半秒：等模型的第一个词、等屏幕稳定、等回答（S）</translation>
    </message>
</context>
<context>
    <name>Core</name>
    <message>
        <source>Accessibility</source>
        <translation>无障碍接口</translation>
    </message>
    <message>
        <source>Capture</source>
        <translation>截屏</translation>
    </message>
    <message>
        <source>Chinese</source>
        <translation>中文</translation>
    </message>
    <message>
        <source>Cyrillic</source>
        <translation>西里尔</translation>
    </message>
    <message>
        <source>Disk</source>
        <translation>磁盘</translation>
    </message>
    <message>
        <source>Display</source>
        <translation>显示器</translation>
    </message>
    <message>
        <source>Fonts</source>
        <translation>字体</translation>
    </message>
    <message>
        <source>Input method</source>
        <translation>输入法</translation>
    </message>
    <message>
        <source>Kimi-VL needs {packages}</source>
        <translation>Kimi-VL 还需要 {packages}</translation>
    </message>
    <message>
        <source>Latin</source>
        <translation>拉丁</translation>
    </message>
    <message>
        <source>Latin, Cyrillic, Chinese, emoji</source>
        <translation>拉丁、西里尔、中文、表情符号</translation>
    </message>
    <message>
        <source>No task was recorded</source>
        <translation>没有记录任务</translation>
    </message>
    <message>
        <source>OCR</source>
        <translation>文字识别</translation>
    </message>
    <message>
        <source>Packages</source>
        <translation>软件包</translation>
    </message>
    <message>
        <source>Pointer and text</source>
        <translation>鼠标与输入</translation>
    </message>
    <message>
        <source>The run is paused. Shall it go on?</source>
        <translation>运行已暂停。要继续吗？</translation>
    </message>
    <message>
        <source>Virtual desktop</source>
        <translation>私有桌面</translation>
    </message>
    <message>
        <source>You stopped this before it was done. What should the agent do instead?</source>
        <translation>您在操作之前阻止了它。应该改做什么？</translation>
    </message>
    <message>
        <source>You took over. Shall the agent go on, from what the screen shows now?</source>
        <translation>您接管了鼠标或键盘。要从屏幕现在的样子继续吗？</translation>
    </message>
    <message>
        <source>a click on a window of our own did not reach it</source>
        <translation>在我们自己的窗口上点击，没有到达</translation>
    </message>
    <message>
        <source>a click on target {number} of monitor {id} did not arrive</source>
        <translation>对显示器 {id} 上第 {number} 个靶标的点击没有到达</translation>
    </message>
    <message>
        <source>a window that is not known</source>
        <translation>未知的窗口</translation>
    </message>
    <message>
        <source>allow for this run</source>
        <translation>本次运行内允许</translation>
    </message>
    <message>
        <source>allow once</source>
        <translation>允许这一次</translation>
    </message>
    <message>
        <source>answer: {answer}</source>
        <translation>回答：{answer}</translation>
    </message>
    <message>
        <source>any window</source>
        <translation>任何窗口</translation>
    </message>
    <message>
        <source>as asked</source>
        <translation>按要求</translation>
    </message>
    <message>
        <source>asking for the model</source>
        <translation>正在询问模型</translation>
    </message>
    <message>
        <source>asks: {question}</source>
        <translation>提问：{question}</translation>
    </message>
    <message>
        <source>calibrate one monitor at a time</source>
        <translation>请每次只校准一个显示器</translation>
    </message>
    <message>
        <source>cannot use the calibration {path}: {why}</source>
        <translation>无法使用校准文件 {path}：{why}</translation>
    </message>
    <message>
        <source>cannot write {path}: {why}</source>
        <translation>无法写入 {path}：{why}</translation>
    </message>
    <message>
        <source>click</source>
        <translation>点击</translation>
    </message>
    <message>
        <source>close what covers it (a locked screen, a window that stays on top)</source>
        <translation>请关闭遮住它的东西（锁定的屏幕、总在最前的窗口）</translation>
    </message>
    <message>
        <source>close what covers it (a panel, a window that stays on top)</source>
        <translation>请关闭遮住它的东西（面板、总在最前的窗口）</translation>
    </message>
    <message>
        <source>close what covers it or holds the pointer (an open menu, a locked screen); if it goes to another monitor, choose one with --monitor</source>
        <translation>请关闭遮住它或占住鼠标的东西（打开的菜单、锁定的屏幕）；如果点击落到了另一个显示器上，请用 --monitor 选择一个</translation>
    </message>
    <message>
        <source>cut off</source>
        <translation>中断</translation>
    </message>
    <message>
        <source>cut off before it was done</source>
        <translation>还没做就中断了</translation>
    </message>
    <message>
        <source>done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>done, still moving</source>
        <translation>完成，画面仍在变化</translation>
    </message>
    <message>
        <source>double click</source>
        <translation>双击</translation>
    </message>
    <message>
        <source>drag</source>
        <translation>拖动</translation>
    </message>
    <message>
        <source>emoji</source>
        <translation>表情符号</translation>
    </message>
    <message>
        <source>error</source>
        <translation>出错</translation>
    </message>
    <message>
        <source>failure</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>failure: {answer}</source>
        <translation>失败：{answer}</translation>
    </message>
    <message>
        <source>fetch it with `{command}`</source>
        <translation>用 `{command}` 下载</translation>
    </message>
    <message>
        <source>fetching</source>
        <translation>正在下载</translation>
    </message>
    <message>
        <source>gave up</source>
        <translation>放弃了</translation>
    </message>
    <message>
        <source>getting ready to load the model</source>
        <translation>正在准备加载模型</translation>
    </message>
    <message>
        <source>go on</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>go on with `{command}`</source>
        <translation>用 `{command}` 继续</translation>
    </message>
    <message>
        <source>hold {keys} for {n} s</source>
        <translation>按住 {keys} {n} 秒</translation>
    </message>
    <message>
        <source>in many programs these keys delete without a way back</source>
        <translation>在许多程序里，这些键会直接删除，无法恢复</translation>
    </message>
    <message>
        <source>in many programs these keys send what was written</source>
        <translation>在许多程序里，这些键会把写好的内容发出去</translation>
    </message>
    <message>
        <source>install Python 3.11 or newer</source>
        <translation>安装 Python 3.11 或更新的版本</translation>
    </message>
    <message>
        <source>it deletes the selected files</source>
        <translation>这会删除选中的文件</translation>
    </message>
    <message>
        <source>it ends a session or switches the machine off</source>
        <translation>这会结束会话或关闭电脑</translation>
    </message>
    <message>
        <source>it gives a program or a person rights</source>
        <translation>这会给某个程序或某个人权限</translation>
    </message>
    <message>
        <source>it spends money</source>
        <translation>这会花钱</translation>
    </message>
    <message>
        <source>it was paused, and nobody said that it may go on</source>
        <translation>运行被暂停，而没有人让它继续</translation>
    </message>
    <message>
        <source>leave the pointer alone</source>
        <translation>请不要动鼠标</translation>
    </message>
    <message>
        <source>letters for {scripts}</source>
        <translation>可显示 {scripts}</translation>
    </message>
    <message>
        <source>limit reached</source>
        <translation>达到上限</translation>
    </message>
    <message>
        <source>loading the model</source>
        <translation>正在加载模型</translation>
    </message>
    <message>
        <source>loading the model ({plan})</source>
        <translation>正在加载模型（{plan}）</translation>
    </message>
    <message>
        <source>look at agent-app doctor</source>
        <translation>请查看 agent-app doctor</translation>
    </message>
    <message>
        <source>look at agent-app doctor, which says what a window needs</source>
        <translation>请查看 agent-app doctor，它会说明窗口需要什么</translation>
    </message>
    <message>
        <source>make room, or make it writable</source>
        <translation>请腾出空间，或使其可写</translation>
    </message>
    <message>
        <source>make room, or use --episode on another disk</source>
        <translation>请腾出空间，或用 --episode 指定另一个磁盘</translation>
    </message>
    <message>
        <source>middle click</source>
        <translation>中键点击</translation>
    </message>
    <message>
        <source>missing: {names}</source>
        <translation>缺少：{names}</translation>
    </message>
    <message>
        <source>mistake: {mistake}</source>
        <translation>错误：{mistake}</translation>
    </message>
    <message>
        <source>move the pointer</source>
        <translation>移动鼠标</translation>
    </message>
    <message>
        <source>no NVIDIA GPU found; the reader needs none</source>
        <translation>没有找到 NVIDIA GPU；阅读器不需要</translation>
    </message>
    <message>
        <source>no action</source>
        <translation>没有操作</translation>
    </message>
    <message>
        <source>no answer</source>
        <translation>没有回答</translation>
    </message>
    <message>
        <source>no reason given</source>
        <translation>没有给出原因</translation>
    </message>
    <message>
        <source>no session bus: DBUS_SESSION_BUS_ADDRESS is not set</source>
        <translation>没有会话总线：DBUS_SESSION_BUS_ADDRESS 未设置</translation>
    </message>
    <message>
        <source>none for {scripts}: typed all the same, but shown as boxes</source>
        <translation>不能显示 {scripts}：照样能输入，但显示为方框</translation>
    </message>
    <message>
        <source>none is active: keys arrive as they are</source>
        <translation>没有启用：按键原样到达</translation>
    </message>
    <message>
        <source>not calibrated: {why}</source>
        <translation>没有校准：{why}</translation>
    </message>
    <message>
        <source>not checked: fc-list (package fontconfig) is not here</source>
        <translation>没有检查：缺少 fc-list（软件包 fontconfig）</translation>
    </message>
    <message>
        <source>not checked: there is no display</source>
        <translation>没有检查：没有显示器</translation>
    </message>
    <message>
        <source>not checked: {reason}</source>
        <translation>没有检查：{reason}</translation>
    </message>
    <message>
        <source>not installed</source>
        <translation>没有安装</translation>
    </message>
    <message>
        <source>nothing changed</source>
        <translation>没有变化</translation>
    </message>
    <message>
        <source>nvidia-smi fails: {said}</source>
        <translation>nvidia-smi 失败：{said}</translation>
    </message>
    <message>
        <source>one step</source>
        <translation>走一步</translation>
    </message>
    <message>
        <source>others will see it</source>
        <translation>别人会看到它</translation>
    </message>
    <message>
        <source>read {read} where {written} is written</source>
        <translation>把 {written} 读成了 {read}</translation>
    </message>
    <message>
        <source>reads the screen's text and follows written steps</source>
        <translation>读取屏幕文字，按写好的步骤操作</translation>
    </message>
    <message>
        <source>refuse</source>
        <translation>拒绝</translation>
    </message>
    <message>
        <source>remove that file, and calibrate again: agent-app doctor --calibrate</source>
        <translation>请删除该文件，然后重新校准：agent-app doctor --calibrate</translation>
    </message>
    <message>
        <source>repair the driver</source>
        <translation>请修复驱动程序</translation>
    </message>
    <message>
        <source>right click</source>
        <translation>右键点击</translation>
    </message>
    <message>
        <source>says it is done</source>
        <translation>报告已完成</translation>
    </message>
    <message>
        <source>scroll down {n}</source>
        <translation>向下滚动 {n}</translation>
    </message>
    <message>
        <source>scroll left {n}</source>
        <translation>向左滚动 {n}</translation>
    </message>
    <message>
        <source>scroll right {n}</source>
        <translation>向右滚动 {n}</translation>
    </message>
    <message>
        <source>scroll up {n}</source>
        <translation>向上滚动 {n}</translation>
    </message>
    <message>
        <source>start it again, and leave both alone until it is done</source>
        <translation>请重新开始，完成之前不要触碰鼠标和键盘</translation>
    </message>
    <message>
        <source>starts</source>
        <translation>可以启动</translation>
    </message>
    <message>
        <source>stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>success</source>
        <translation>成功</translation>
    </message>
    <message>
        <source>success: {answer}</source>
        <translation>成功：{answer}</translation>
    </message>
    <message>
        <source>switch it to plain keys while the agent works, or use --virtual 1280x800</source>
        <translation>工作期间请切换到英文，或使用 --virtual 1280x800</translation>
    </message>
    <message>
        <source>target {number} does not show on monitor {id}</source>
        <translation>第 {number} 个靶标没有显示在显示器 {id} 上</translation>
    </message>
    <message>
        <source>the checkpoint {repo} has not been fetched to its end</source>
        <translation>检查点 {repo} 还没有下载完</translation>
    </message>
    <message>
        <source>the default where its weights and a GPU are</source>
        <translation>有权重和 GPU 时的默认模型</translation>
    </message>
    <message>
        <source>the embedded default, because for Kimi-VL {reason}</source>
        <translation>内置的默认模型，因为 Kimi-VL 无法运行：{reason}</translation>
    </message>
    <message>
        <source>the limit of {n} seconds is reached</source>
        <translation>达到了 {n} 秒的上限</translation>
    </message>
    <message>
        <source>the limit of {n} steps is reached</source>
        <translation>达到了 {n} 步的上限</translation>
    </message>
    <message>
        <source>the limit of {n} tokens is reached</source>
        <translation>达到了 {n} 个词元的上限</translation>
    </message>
    <message>
        <source>the model ended the task</source>
        <translation>模型结束了任务</translation>
    </message>
    <message>
        <source>the mouse or the keyboard was touched</source>
        <translation>触碰了鼠标或键盘</translation>
    </message>
    <message>
        <source>the person stopped it instead of allowing an action</source>
        <translation>您没有允许操作，而是停止了运行</translation>
    </message>
    <message>
        <source>the pointer was moved into a corner of the screen</source>
        <translation>鼠标被移到了屏幕角落</translation>
    </message>
    <message>
        <source>the reader works without it, from pixels alone; to have it: apt-get install at-spi2-core libatk-adaptor, in a session with D-Bus</source>
        <translation>没有它阅读器也能只靠像素工作；需要时在有 D-Bus 的会话中运行 apt-get install at-spi2-core libatk-adaptor</translation>
    </message>
    <message>
        <source>the same moves were repeated without getting anywhere</source>
        <translation>一再重复同样的操作而没有进展</translation>
    </message>
    <message>
        <source>the target does not show on monitor {id}</source>
        <translation>靶标没有显示在显示器 {id} 上</translation>
    </message>
    <message>
        <source>the target is too small to be seen in the picture that the model gets</source>
        <translation>靶标太小，在模型得到的图像里看不见</translation>
    </message>
    <message>
        <source>the window with the targets does not show</source>
        <translation>显示靶标的窗口没有出现</translation>
    </message>
    <message>
        <source>the window with the targets is gone: {why}</source>
        <translation>显示靶标的窗口消失了：{why}</translation>
    </message>
    <message>
        <source>there is no {repo} in {folder}</source>
        <translation>{folder} 中没有 {repo}</translation>
    </message>
    <message>
        <source>triple click</source>
        <translation>三击</translation>
    </message>
    <message>
        <source>typed and read back: {text}</source>
        <translation>输入并读回：{text}</translation>
    </message>
    <message>
        <source>typed {typed}, read back {read}</source>
        <translation>输入 {typed}，读回 {read}</translation>
    </message>
    <message>
        <source>use --episode DIR</source>
        <translation>使用 --episode DIR</translation>
    </message>
    <message>
        <source>wait {n} s</source>
        <translation>等待 {n} 秒</translation>
    </message>
    <message>
        <source>weights in {folder}, libraries installed</source>
        <translation>权重在 {folder}，库已安装</translation>
    </message>
    <message>
        <source>what is deleted may be gone for good</source>
        <translation>删除的内容可能再也找不回来</translation>
    </message>
    <message>
        <source>what is not shown here</source>
        <translation>这里不显示的内容</translation>
    </message>
    <message>
        <source>what is sent cannot be called back</source>
        <translation>发出的内容无法收回</translation>
    </message>
    <message>
        <source>windows that are not known</source>
        <translation>未知的窗口</translation>
    </message>
    <message>
        <source>your rule “{rule}” says so</source>
        <translation>您的规则“{rule}”这样规定</translation>
    </message>
    <message>
        <source>{count} billion parameters, {size} GB in {shards} shards, {kind}</source>
        <translation>{count}B 参数，共 {size} GB，{shards} 个分片，{kind}</translation>
    </message>
    <message>
        <source>{count} million parameters, {size} MB in 1 shard, {kind}</source>
        <translation>{count}M 参数，共 {size} MB，1 个分片，{kind}</translation>
    </message>
    <message>
        <source>{count} million parameters, {size} MB in {shards} shards, {kind}</source>
        <translation>{count}M 参数，共 {size} MB，{shards} 个分片，{kind}</translation>
    </message>
    <message>
        <source>{engine}: opened in {opened} s, read a label in {time} ms</source>
        <translation>{engine}：{opened} 秒启动，{time} 毫秒读出一个标签</translation>
    </message>
    <message>
        <source>{folder} cannot be written</source>
        <translation>{folder} 不可写</translation>
    </message>
    <message>
        <source>{model}, {precision} on {devices}</source>
        <translation>{model}，{precision}，在 {devices} 上</translation>
    </message>
    <message>
        <source>{model}, {precision} on {devices}, fast engine</source>
        <translation>{model}，{precision}，在 {devices} 上，快速引擎</translation>
    </message>
    <message>
        <source>{model}, {precision} on {devices}, plain path ({why})</source>
        <translation>{model}，{precision}，在 {devices} 上，普通引擎（{why}）</translation>
    </message>
    <message>
        <source>{names} names from {programs} programs</source>
        <translation>{programs} 个程序提供了 {names} 个名称</translation>
    </message>
    <message>
        <source>{name} is active: it may change what is typed</source>
        <translation>{name} 已启用：可能改变输入的内容</translation>
    </message>
    <message>
        <source>{needed} of {free} GB on {device}</source>
        <translation>{device} 的 {free} GB 中的 {needed} GB</translation>
    </message>
    <message>
        <source>{n} unusable replies in a row: {mistake}</source>
        <translation>连续 {n} 次回复无法使用：{mistake}</translation>
    </message>
    <message>
        <source>{precision}: weights {weights}, cache {cache}, activations {activations}, reserve included {where}</source>
        <translation>{precision}：权重 {weights}，缓存 {cache}，激活 {activations}，含预留共 {where}</translation>
    </message>
    <message>
        <source>{screen} at scale {scale}</source>
        <translation>{screen}，缩放 {scale}</translation>
    </message>
    <message>
        <source>{size} GiB free for {folder}</source>
        <translation>{folder} 有 {size} GiB 可用</translation>
    </message>
    <message>
        <source>{size} in {time} ms, shows what is drawn</source>
        <translation>{size}，{time} 毫秒，与屏幕内容一致</translation>
    </message>
    <message>
        <source>{version}: python3-xlib was installed over it</source>
        <translation>{version}：被 python3-xlib 覆盖了</translation>
    </message>
    <message>
        <source>{what}; the reader needs none</source>
        <translation>{what}；阅读器不需要</translation>
    </message>
</context>
<context>
    <name>Details</name>
    <message>
        <source>Actions of this step</source>
        <translation>这一步的操作</translation>
    </message>
    <message>
        <source>How long the step took</source>
        <translation>这一步用时</translation>
    </message>
    <message>
        <source>No thought was recorded.</source>
        <translation>没有记录思考。</translation>
    </message>
    <message>
        <source>No times were recorded.</source>
        <translation>没有记录用时。</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>Step {number} of {last}</source>
        <translation>第 {number} 步，共 {last} 步</translation>
    </message>
    <message>
        <source>This step</source>
        <translation>这一步</translation>
    </message>
    <message>
        <source>Thought</source>
        <translation>思考</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Time of the whole run</source>
        <translation>整次运行的用时</translation>
    </message>
    <message>
        <source>Time of this step</source>
        <translation>这一步的用时</translation>
    </message>
    <message>
        <source>Whole run</source>
        <translation>整次运行</translation>
    </message>
    <message>
        <source>Window in front</source>
        <translation>最前面的窗口</translation>
    </message>
    <message>
        <source>in front: “{title}” ({application})</source>
        <translation>最前面：“{title}”（{application}）</translation>
    </message>
    <message>
        <source>no steps were recorded</source>
        <translation>没有记录步骤</translation>
    </message>
    <message>
        <source>{action}  — not carried out</source>
        <translation>{action}  — 未执行</translation>
    </message>
</context>
<context>
    <name>DoctorPage</name>
    <message>
        <source>&amp;Check</source>
        <translation>检查(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Check again</source>
        <translation>重新检查(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Watch a first run</source>
        <translation>观看首次运行(&amp;W)</translation>
    </message>
    <message>
        <source>A first run</source>
        <translation>首次运行</translation>
    </message>
    <message>
        <source>Checking…</source>
        <translation>正在检查…</translation>
    </message>
    <message>
        <source>Doctor</source>
        <translation>诊断</translation>
    </message>
    <message>
        <source>Everything that a run needs is here.</source>
        <translation>运行所需的一切都已就绪。</translation>
    </message>
    <message>
        <source>First a look at this machine, then a first run to watch. It works on a private desktop of its own, and nothing leaves this computer.</source>
        <translation>先看看这台电脑，再观看一次运行。它在自己的私有桌面上进行，任何内容都不会离开这台电脑。</translation>
    </message>
    <message>
        <source>Is everything here that a run needs? What is missing is named with its cure.</source>
        <translation>运行所需的东西都齐了吗？缺少什么、怎样补上，都会列出来。</translation>
    </message>
    <message>
        <source>Needs attention: {names}</source>
        <translation>需要处理：{names}</translation>
    </message>
    <message>
        <source>Nothing has been checked yet.</source>
        <translation>还没有检查过。</translation>
    </message>
    <message>
        <source>On a private desktop of its own the agent opens a small window, types a name into it, presses its button and checks what comes of it. Your own desktop stays as it is.</source>
        <translation>它在自己的私有桌面上打开一个小窗口，输入一个名字，按下按钮，并检查结果。您自己的桌面保持不变。</translation>
    </message>
    <message>
        <source>On my &amp;own desktop</source>
        <translation>在我自己的桌面上(&amp;O)</translation>
    </message>
    <message>
        <source>The pointer moves there, and a small window shows for a few seconds.</source>
        <translation>鼠标会在那里移动，并短暂显示一个小窗口。</translation>
    </message>
    <message>
        <source>This machine</source>
        <translation>这台计算机</translation>
    </message>
    <message>
        <source>Welcome to agent-app</source>
        <translation>欢迎使用 agent-app</translation>
    </message>
    <message>
        <source>in order</source>
        <translation>正常</translation>
    </message>
    <message>
        <source>not needed</source>
        <translation>不是必需</translation>
    </message>
    <message>
        <source>wrong</source>
        <translation>有问题</translation>
    </message>
</context>
<context>
    <name>Entries</name>
    <message>
        <source>cut off</source>
        <translation>中断</translation>
    </message>
    <message>
        <source>error</source>
        <translation>出错</translation>
    </message>
    <message>
        <source>failure</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>limit</source>
        <translation>达到上限</translation>
    </message>
    <message>
        <source>running</source>
        <translation>进行中</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>success</source>
        <translation>成功</translation>
    </message>
    <message>
        <source>unreadable</source>
        <translation>无法读取</translation>
    </message>
</context>
<context>
    <name>EpisodesView</name>
    <message>
        <source>No file manager answered: the folder's path has been copied.</source>
        <translation>没有文件管理器响应：文件夹的路径已复制。</translation>
    </message>
</context>
<context>
    <name>ErrorCard</name>
    <message>
        <source>&amp;Copy report</source>
        <translation>复制报告(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Dismiss</source>
        <translation>关闭(&amp;D)</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
    <message>
        <source>Something went wrong in agent-app itself</source>
        <translation>agent-app 自身出了错</translation>
    </message>
    <message>
        <source>What was recorded is kept. The report says what happened; it can be copied.</source>
        <translation>已记录的内容都保留着。报告说明了发生的事，可以复制。</translation>
    </message>
</context>
<context>
    <name>ExportSheet</name>
    <message>
        <source>&amp;Cancel</source>
        <translation>取消(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Close</source>
        <translation>关闭(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Export</source>
        <translation>导出(&amp;E)</translation>
    </message>
    <message>
        <source>C&amp;hoose…</source>
        <translation>选择(&amp;H)…</translation>
    </message>
    <message>
        <source>Cancelled. Nothing is missing in the episode.</source>
        <translation>已取消。记录没有任何缺失。</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>Show in &amp;folder</source>
        <translation>在文件夹中显示(&amp;F)</translation>
    </message>
    <message>
        <source>This file is there already and will be replaced.</source>
        <translation>该文件已存在，将被替换。</translation>
    </message>
    <message>
        <source>What was lost</source>
        <translation>丢失的内容</translation>
    </message>
    <message>
        <source>Where to write it</source>
        <translation>写到哪里</translation>
    </message>
    <message>
        <source>Written.</source>
        <translation>已写好。</translation>
    </message>
    <message>
        <source>Written. What this format cannot hold:</source>
        <translation>已写好。此格式无法包含：</translation>
    </message>
</context>
<context>
    <name>FilmStrip</name>
    <message>
        <source>Film strip</source>
        <translation>胶片条</translation>
    </message>
</context>
<context>
    <name>Formats</name>
    <message>
        <source>a results folder of OSWorld</source>
        <translation>OSWorld 的结果文件夹</translation>
    </message>
    <message>
        <source>a task of AgentNet with its images</source>
        <translation>AgentNet 的一个任务及其图片</translation>
    </message>
    <message>
        <source>a test that does the run again, for pytest</source>
        <translation>再次执行此运行的 pytest 测试</translation>
    </message>
    <message>
        <source>a video with pointer, target and thought; needs agent-app[video]</source>
        <translation>带指针、目标和思考的视频；需要 agent-app[video]</translation>
    </message>
    <message>
        <source>a zip for Playwright's trace viewer</source>
        <translation>用于 Playwright 跟踪查看器的 zip</translation>
    </message>
    <message>
        <source>one JSON line for each step</source>
        <translation>每步一行 JSON</translation>
    </message>
    <message>
        <source>one page to watch the run in a browser, without a network</source>
        <translation>一个网页，可在浏览器中离线观看运行</translation>
    </message>
    <message>
        <source>the report data of Midscene</source>
        <translation>Midscene 的报告数据</translation>
    </message>
    <message>
        <source>the report data of UI-TARS-desktop</source>
        <translation>UI-TARS-desktop 的报告数据</translation>
    </message>
    <message>
        <source>the run as a test case, for continuous integration</source>
        <translation>把运行作为测试用例，用于持续集成</translation>
    </message>
    <message>
        <source>the same as YAML, for `agent-app test`</source>
        <translation>同上，YAML 形式，用于 `agent-app test`</translation>
    </message>
    <message>
        <source>the same, small enough for an issue or a chat</source>
        <translation>同上，小到可放进工单或聊天</translation>
    </message>
</context>
<context>
    <name>Heading</name>
    <message>
        <source>1 step</source>
        <translation>1 步</translation>
    </message>
    <message>
        <source>All episodes (Ctrl+O)</source>
        <translation>全部记录（Ctrl+O）</translation>
    </message>
    <message>
        <source>All keys (?)</source>
        <translation>全部按键（?）</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出…</translation>
    </message>
    <message>
        <source>Light or dark (T)</source>
        <translation>浅色或深色（T）</translation>
    </message>
    <message>
        <source>Outcome</source>
        <translation>结局</translation>
    </message>
    <message>
        <source>Reveal folder</source>
        <translation>显示文件夹</translation>
    </message>
    <message>
        <source>Show its folder (Ctrl+R)</source>
        <translation>显示其文件夹（Ctrl+R）</translation>
    </message>
    <message>
        <source>Write it in another format (Ctrl+E)</source>
        <translation>写成另一种格式（Ctrl+E）</translation>
    </message>
    <message>
        <source>no times were recorded</source>
        <translation>没有记录用时</translation>
    </message>
    <message>
        <source>{n} steps</source>
        <translation>{n} 步</translation>
    </message>
</context>
<context>
    <name>HomePages</name>
    <message>
        <source>&amp;Doctor</source>
        <translation>诊断(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Model</source>
        <translation>模型(&amp;M)</translation>
    </message>
    <message>
        <source>Se&amp;ttings</source>
        <translation>设置(&amp;T)</translation>
    </message>
</context>
<context>
    <name>KeySheet</name>
    <message>
        <source>&amp;Close</source>
        <translation>关闭(&amp;C)</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>按键</translation>
    </message>
</context>
<context>
    <name>LibraryPage</name>
    <message>
        <source>&amp;Open a folder…</source>
        <translation>打开文件夹(&amp;O)…</translation>
    </message>
    <message>
        <source>1 episode</source>
        <translation>1 个记录</translation>
    </message>
    <message>
        <source>An episode from elsewhere; dropping its folder works</source>
        <translation>别处的记录；也可以把它的文件夹拖到这里</translation>
    </message>
    <message>
        <source>Episodes</source>
        <translation>记录</translation>
    </message>
    <message>
        <source>Light or dark</source>
        <translation>浅色或深色</translation>
    </message>
    <message>
        <source>No episode has this.</source>
        <translation>没有符合的记录。</translation>
    </message>
    <message>
        <source>No episodes yet. Every run is recorded here, in {folder}.
To watch one from elsewhere, drop its folder on this page.</source>
        <translation>还没有记录。每次运行都会记录在这里：{folder}。
要观看别处的记录，请把它的文件夹拖到此页。</translation>
    </message>
    <message>
        <source>Only episodes with the tag {tag}</source>
        <translation>只看带标签 {tag} 的记录</translation>
    </message>
    <message>
        <source>Search all episodes</source>
        <translation>搜索全部记录</translation>
    </message>
    <message>
        <source>Search tasks, thoughts, actions and answers</source>
        <translation>搜索任务、思考、操作和回答</translation>
    </message>
    <message>
        <source>The folder of an episode</source>
        <translation>记录的文件夹</translation>
    </message>
    <message>
        <source>{n} episodes</source>
        <translation>{n} 个记录</translation>
    </message>
</context>
<context>
    <name>Links</name>
    <message>
        <source>Reading the screenshot…</source>
        <translation>正在读取截图…</translation>
    </message>
    <message>
        <source>“{label}” is not read on this screen</source>
        <translation>在此屏幕上没有读到“{label}”</translation>
    </message>
</context>
<context>
    <name>LoadingCard</name>
    <message>
        <source>Loading</source>
        <translation>正在加载</translation>
    </message>
    <message>
        <source>{done} of {total} GB</source>
        <translation>{done} / {total} GB</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>&amp;Episodes</source>
        <translation>记录(&amp;E)</translation>
    </message>
    <message>
        <source>R&amp;un</source>
        <translation>运行(&amp;U)</translation>
    </message>
    <message>
        <source>agent-app ended unexpectedly the last time</source>
        <translation>agent-app 上次意外结束</translation>
    </message>
</context>
<context>
    <name>ModelChoice</name>
    <message>
        <source>&amp;Automatic</source>
        <translation>自动(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Kimi-VL</source>
        <translation>&amp;Kimi-VL</translation>
    </message>
    <message>
        <source>&amp;Reader</source>
        <translation>阅读器(&amp;R)</translation>
    </message>
    <message>
        <source>A ser&amp;ver</source>
        <translation>服务器(&amp;V)</translation>
    </message>
    <message>
        <source>Address of the server</source>
        <translation>服务器的地址</translation>
    </message>
    <message>
        <source>Any OpenAI-compatible server. Screenshots are sent to it</source>
        <translation>任何兼容 OpenAI 的服务器。屏幕截图会发送给它</translation>
    </message>
    <message>
        <source>Begin with http:// or https://, such as http://127.0.0.1:8000/v1</source>
        <translation>以 http:// 或 https:// 开头，例如 http://127.0.0.1:8000/v1</translation>
    </message>
    <message>
        <source>Built in. Follows written steps; needs no GPU and no download</source>
        <translation>内置。按写明的步骤操作；不需要 GPU，也不需要下载</translation>
    </message>
    <message>
        <source>Checkpoint</source>
        <translation>检查点</translation>
    </message>
    <message>
        <source>Choose a model</source>
        <translation>选择模型</translation>
    </message>
    <message>
        <source>Kimi-VL if its weights and a GPU are here, otherwise the reader</source>
        <translation>有权重和 GPU 时用 Kimi-VL，否则用阅读器</translation>
    </message>
    <message>
        <source>Plans by itself from a free task. Needs its weights and a GPU</source>
        <translation>根据自由描述的任务自行规划。需要权重和 GPU</translation>
    </message>
    <message>
        <source>This window was started with --model {name}, which comes first.</source>
        <translation>此窗口以 --model {name} 启动，以它为准。</translation>
    </message>
    <message>
        <source>What the server calls the model</source>
        <translation>服务器上的模型名</translation>
    </message>
    <message>
        <source>the model's name there; it is asked if empty</source>
        <translation>模型在那里的名称；留空则询问服务器</translation>
    </message>
    <message>
        <source>{repo}; or a folder, or ORG/NAME</source>
        <translation>{repo}；或文件夹，或 ORG/NAME</translation>
    </message>
    <message>
        <source>“{address}” is no address</source>
        <translation>“{address}”不是地址</translation>
    </message>
</context>
<context>
    <name>ModelPage</name>
    <message>
        <source>&amp;Cancel</source>
        <translation>取消(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Download</source>
        <translation>下载(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Download, {size}</source>
        <translation>下载(&amp;D)，{size}</translation>
    </message>
    <message>
        <source>&amp;Load</source>
        <translation>加载(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Unload</source>
        <translation>卸载(&amp;U)</translation>
    </message>
    <message>
        <source>Downloading {name}</source>
        <translation>正在下载 {name}</translation>
    </message>
    <message>
        <source>Getting ready</source>
        <translation>正在准备</translation>
    </message>
    <message>
        <source>In memory</source>
        <translation>内存中</translation>
    </message>
    <message>
        <source>It takes {size}; the disk has room for {room}.</source>
        <translation>需要 {size}；磁盘可用 {room}。</translation>
    </message>
    <message>
        <source>Looking at it and at this machine…</source>
        <translation>正在查看它和这台计算机…</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>No model. A run loads the one it needs; loaded now, a run starts at once.</source>
        <translation>没有模型。运行时会自动加载；现在加载，运行就能立即开始。</translation>
    </message>
    <message>
        <source>Nothing leaves this computer</source>
        <translation>没有任何内容离开这台计算机</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>Screenshots go to {host}</source>
        <translation>屏幕截图会发送到 {host}</translation>
    </message>
    <message>
        <source>Unloading</source>
        <translation>正在卸载</translation>
    </message>
    <message>
        <source>What it needs</source>
        <translation>它需要什么</translation>
    </message>
    <message>
        <source>What looks at the screen and decides. It can be changed between two runs.</source>
        <translation>由它查看屏幕并作出决定。可以在两次运行之间更换。</translation>
    </message>
</context>
<context>
    <name>NeedsTable</name>
    <message>
        <source>Free here</source>
        <translation>此处可用</translation>
    </message>
    <message>
        <source>Loaded</source>
        <translation>加载后</translation>
    </message>
    <message>
        <source>On this machine</source>
        <translation>在这台计算机上</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>精度</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>What it needs</source>
        <translation>它需要什么</translation>
    </message>
    <message>
        <source>does not fit</source>
        <translation>放不下</translation>
    </message>
    <message>
        <source>fits</source>
        <translation>放得下</translation>
    </message>
</context>
<context>
    <name>ProblemsCard</name>
    <message>
        <source>All problems of this episode</source>
        <translation>此记录的全部问题</translation>
    </message>
    <message>
        <source>Show all</source>
        <translation>全部显示</translation>
    </message>
    <message>
        <source>Show less</source>
        <translation>收起</translation>
    </message>
    <message>
        <source>This episode is damaged: {first}</source>
        <translation>此记录已损坏：{first}</translation>
    </message>
    <message>
        <source>{count} problems</source>
        <translation>{count} 个问题</translation>
    </message>
</context>
<context>
    <name>QuestionCard</name>
    <message>
        <source>&amp;Answer</source>
        <translation>回答(&amp;A)</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>Go on without an answer</source>
        <translation>不回答，继续</translation>
    </message>
    <message>
        <source>S&amp;kip</source>
        <translation>跳过(&amp;K)</translation>
    </message>
    <message>
        <source>The agent asks</source>
        <translation>代理在询问</translation>
    </message>
    <message>
        <source>The agent asks  ·  {time} left</source>
        <translation>它在提问  ·  剩余 {time}</translation>
    </message>
    <message>
        <source>Type an answer</source>
        <translation>输入回答</translation>
    </message>
</context>
<context>
    <name>ResultCard</name>
    <message>
        <source>&amp;Replay</source>
        <translation>回放(&amp;R)</translation>
    </message>
    <message>
        <source>1 step</source>
        <translation>1 步</translation>
    </message>
    <message>
        <source>A limit was reached</source>
        <translation>达到了上限</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>Ended by an error</source>
        <translation>因错误结束</translation>
    </message>
    <message>
        <source>Not done</source>
        <translation>未完成</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>Watch the recorded run</source>
        <translation>观看记录的运行</translation>
    </message>
    <message>
        <source>{n} steps</source>
        <translation>{n} 步</translation>
    </message>
    <message>
        <source>{steps} · {time} · {tokens} tokens</source>
        <translation>{steps} · {time} · {tokens} 个词元</translation>
    </message>
</context>
<context>
    <name>RunView</name>
    <message>
        <source>Back to live</source>
        <translation>回到实时</translation>
    </message>
    <message>
        <source>Show the end</source>
        <translation>显示结尾</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>步骤</translation>
    </message>
    <message>
        <source>The agent looks at the screen once its model is ready.</source>
        <translation>模型就绪后，代理就会查看屏幕。</translation>
    </message>
</context>
<context>
    <name>ScreenshotView</name>
    <message>
        <source>Screenshot</source>
        <translation>屏幕截图</translation>
    </message>
</context>
<context>
    <name>SearchField</name>
    <message>
        <source>Next place (F3)</source>
        <translation>下一处（F3）</translation>
    </message>
    <message>
        <source>Previous place (Shift+F3)</source>
        <translation>上一处（Shift+F3）</translation>
    </message>
    <message>
        <source>Search (Ctrl+F)</source>
        <translation>搜索（Ctrl+F）</translation>
    </message>
    <message>
        <source>Search thoughts and actions</source>
        <translation>搜索思考和操作</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>{at} of {count}</source>
        <translation>第 {at} 处，共 {count} 处</translation>
    </message>
</context>
<context>
    <name>Settings</name>
    <message>
        <source>0 takes the likeliest word; not set: 0.8</source>
        <translation>0 表示取最可能的词；未设置：0.8</translation>
    </message>
    <message>
        <source>Answer time, seconds</source>
        <translation>回答时限（秒）</translation>
    </message>
    <message>
        <source>Ask before</source>
        <translation>先询问</translation>
    </message>
    <message>
        <source>Context, tokens</source>
        <translation>上下文（词元）</translation>
    </message>
    <message>
        <source>Desktop</source>
        <translation>桌面</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Engine</source>
        <translation>引擎</translation>
    </message>
    <message>
        <source>Episodes</source>
        <translation>记录</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Give {wanted}.</source>
        <translation>请填写{wanted}。</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Monitor</source>
        <translation>显示器</translation>
    </message>
    <message>
        <source>Name at the server</source>
        <translation>在服务器上的名称</translation>
    </message>
    <message>
        <source>Never look at</source>
        <translation>从不查看</translation>
    </message>
    <message>
        <source>Patience, seconds</source>
        <translation>等待时间（秒）</translation>
    </message>
    <message>
        <source>Pause for your hand</source>
        <translation>手动操作时暂停</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>精度</translation>
    </message>
    <message>
        <source>Private desktop</source>
        <translation>私有桌面</translation>
    </message>
    <message>
        <source>Program</source>
        <translation>程序</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>Region</source>
        <translation>区域</translation>
    </message>
    <message>
        <source>Reply limit, tokens</source>
        <translation>回复上限（词元）</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>随机种子</translation>
    </message>
    <message>
        <source>Step limit</source>
        <translation>步数上限</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>Think first</source>
        <translation>先思考</translation>
    </message>
    <message>
        <source>Thought limit, tokens</source>
        <translation>思考上限（词元）</translation>
    </message>
    <message>
        <source>Time limit, seconds</source>
        <translation>时间上限（秒）</translation>
    </message>
    <message>
        <source>Top p</source>
        <translation>Top p</translation>
    </message>
    <message>
        <source>Tray icon</source>
        <translation>托盘图标</translation>
    </message>
    <message>
        <source>Veto time, seconds</source>
        <translation>否决时间（秒）</translation>
    </message>
    <message>
        <source>WIDTHxHEIGHT in pixels, such as 1280x800</source>
        <translation>以像素为单位的 宽x高，例如 1280x800</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>窗口</translation>
    </message>
    <message>
        <source>X,Y,W,H in the screen's units, such as 0,0,1280,800</source>
        <translation>以屏幕单位表示的 X,Y,W,H，例如 0,0,1280,800</translation>
    </message>
    <message>
        <source>a command</source>
        <translation>一条命令</translation>
    </message>
    <message>
        <source>a device, such as cuda:0 or cpu</source>
        <translation>一个设备，例如 cuda:0 或 cpu</translation>
    </message>
    <message>
        <source>a list, each of it X,Y,W,H in the screen's units, such as 0,0,1280,800</source>
        <translation>一个列表，每项为 X,Y,W,H，例如 0,0,1280,800</translation>
    </message>
    <message>
        <source>a number above 0</source>
        <translation>大于 0 的数</translation>
    </message>
    <message>
        <source>a number above 0 and up to 1</source>
        <translation>大于 0 且不超过 1 的数</translation>
    </message>
    <message>
        <source>a number from 0 and up to 30</source>
        <translation>0 到 30 之间的数</translation>
    </message>
    <message>
        <source>a number from 0 on</source>
        <translation>不小于 0 的数</translation>
    </message>
    <message>
        <source>a number from 5 and up to 3600</source>
        <translation>5 到 3600 之间的数</translation>
    </message>
    <message>
        <source>a program that is started there first</source>
        <translation>先在那里启动的程序</translation>
    </message>
    <message>
        <source>a run ends after so many seconds</source>
        <translation>运行到这么多秒后结束</translation>
    </message>
    <message>
        <source>a run ends after so many steps</source>
        <translation>运行到这么多步后结束</translation>
    </message>
    <message>
        <source>a text</source>
        <translation>一段文字</translation>
    </message>
    <message>
        <source>a whole number from 0 on</source>
        <translation>不小于 0 的整数</translation>
    </message>
    <message>
        <source>a whole number from 1 on</source>
        <translation>不小于 1 的整数</translation>
    </message>
    <message>
        <source>all</source>
        <translation>全部操作</translation>
    </message>
    <message>
        <source>an act is shown for so long before it is done; not set: 1 in the window, 0 in the terminal</source>
        <translation>操作前先显示这么久；未设置：窗口中 1，终端中 0</translation>
    </message>
    <message>
        <source>an icon in the tray that shows the state, pauses and stops</source>
        <translation>托盘图标：显示状态，可暂停和停止</translation>
    </message>
    <message>
        <source>auto</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>bf16</source>
        <translation>bf16</translation>
    </message>
    <message>
        <source>dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>fast</source>
        <translation>快速</translation>
    </message>
    <message>
        <source>fp32</source>
        <translation>fp32</translation>
    </message>
    <message>
        <source>fp8</source>
        <translation>fp8</translation>
    </message>
    <message>
        <source>hold still when a hand touches mouse or keyboard</source>
        <translation>有人碰鼠标或键盘时停住</translation>
    </message>
    <message>
        <source>int4</source>
        <translation>int4</translation>
    </message>
    <message>
        <source>int8</source>
        <translation>int8</translation>
    </message>
    <message>
        <source>light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>light, dark, or as your system has it</source>
        <translation>浅色、深色，或跟随系统</translation>
    </message>
    <message>
        <source>look at this monitor alone, counted from 1; 0 is all of them</source>
        <translation>只查看这个显示器，从 1 数起；0 为全部</translation>
    </message>
    <message>
        <source>look at this part of the screen alone</source>
        <translation>只查看屏幕的这一部分</translation>
    </message>
    <message>
        <source>none</source>
        <translation>从不</translation>
    </message>
    <message>
        <source>not set</source>
        <translation>未设置</translation>
    </message>
    <message>
        <source>of its weights; auto is the most exact that fits</source>
        <translation>权重的精度；自动为放得下的最精确者</translation>
    </message>
    <message>
        <source>one of auto, fast, reference</source>
        <translation>auto、fast、reference 之一</translation>
    </message>
    <message>
        <source>one of auto, fp32, bf16, fp8, int8, int4</source>
        <translation>auto、fp32、bf16、fp8、int8、int4 之一</translation>
    </message>
    <message>
        <source>one of risky, all, none</source>
        <translation>risky、all、none 之一</translation>
    </message>
    <message>
        <source>one of system, light, dark</source>
        <translation>system、light、dark 之一</translation>
    </message>
    <message>
        <source>our own GPU kernels, or plain torch</source>
        <translation>自有的 GPU 内核，或普通的 torch</translation>
    </message>
    <message>
        <source>parts of the screen that are never looked at; --mask adds to them</source>
        <translation>屏幕上从不查看的部分；--mask 会再增加</translation>
    </message>
    <message>
        <source>reference</source>
        <translation>参考</translation>
    </message>
    <message>
        <source>risky</source>
        <translation>有风险的操作</translation>
    </message>
    <message>
        <source>risky actions, all, or none; not set: as your policy says, none on a private desktop</source>
        <translation>有风险的操作、全部或无；未设置：按您的策略，私有桌面上不询问</translation>
    </message>
    <message>
        <source>seconds that a server may take to the first token; not set: 300</source>
        <translation>服务器给出第一个词元最多可用的秒数；未设置：300</translation>
    </message>
    <message>
        <source>system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>system, or a language such as en or zh_CN</source>
        <translation>system，或一种语言，例如 en 或 zh_CN</translation>
    </message>
    <message>
        <source>the most tokens a conversation may have; not set: 32768</source>
        <translation>一段对话最多的词元数；未设置：32768</translation>
    </message>
    <message>
        <source>the most tokens one reply may take</source>
        <translation>一次回复最多的词元数</translation>
    </message>
    <message>
        <source>the most tokens one thought may take</source>
        <translation>一次思考最多的词元数</translation>
    </message>
    <message>
        <source>the name of a model, a folder, or a server's address</source>
        <translation>模型名、文件夹或服务器地址</translation>
    </message>
    <message>
        <source>the name of a prompt, or the path of a .md file</source>
        <translation>提示词的名称，或 .md 文件的路径</translation>
    </message>
    <message>
        <source>the path of a folder</source>
        <translation>文件夹的路径</translation>
    </message>
    <message>
        <source>the same seed draws the same words</source>
        <translation>相同的种子产生相同的词</translation>
    </message>
    <message>
        <source>the window's language</source>
        <translation>窗口的语言</translation>
    </message>
    <message>
        <source>true or false</source>
        <translation>true 或 false</translation>
    </message>
    <message>
        <source>what a server calls the model; not set: it is asked</source>
        <translation>服务器对模型的称呼；未设置：询问服务器</translation>
    </message>
    <message>
        <source>what it is told; not set: agent</source>
        <translation>给模型的说明；未设置：agent</translation>
    </message>
    <message>
        <source>where it computes; not set: as few GPUs as hold it</source>
        <translation>在哪里计算；未设置：放得下的最少 GPU</translation>
    </message>
    <message>
        <source>where runs are recorded; not set: your data folder</source>
        <translation>运行记录在哪里；未设置：您的数据文件夹</translation>
    </message>
    <message>
        <source>whether it thinks before it answers</source>
        <translation>回答前是否思考</translation>
    </message>
    <message>
        <source>which model decides; not set: kimi-vl where its weights and a GPU are, else reader</source>
        <translation>由哪个模型决定；未设置：有权重和 GPU 时为 kimi-vl，否则为 reader</translation>
    </message>
    <message>
        <source>without an answer in that time the action is not done; not set: as your policy says</source>
        <translation>到时没有回答就不执行；未设置：按您的策略</translation>
    </message>
    <message>
        <source>words are drawn from this share</source>
        <translation>从这一比例的词中抽取</translation>
    </message>
    <message>
        <source>work on a private desktop of this size; not set: on yours</source>
        <translation>在这一大小的私有桌面上工作；未设置：在您的桌面上</translation>
    </message>
</context>
<context>
    <name>SettingsPage</name>
    <message>
        <source>&amp;Open the file</source>
        <translation>打开文件(&amp;O)</translation>
    </message>
    <message>
        <source>Changes are saved at once, for the command line as well, whose flags come first. A run under way keeps what it began with.</source>
        <translation>改动立即保存，命令行也使用这些设置（命令行参数优先）。正在进行的运行保持开始时的设置。</translation>
    </message>
    <message>
        <source>Its path has been copied</source>
        <translation>路径已复制</translation>
    </message>
    <message>
        <source>Read it &amp;again</source>
        <translation>重新读取(&amp;A)</translation>
    </message>
    <message>
        <source>Set by {variable}.</source>
        <translation>由 {variable} 设置。</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>This shows when the window is opened again.</source>
        <translation>重新打开窗口后生效。</translation>
    </message>
</context>
<context>
    <name>ShotListModel</name>
    <message>
        <source>Step {number}: {title}, {detail}</source>
        <translation>第 {number} 步：{title}，{detail}</translation>
    </message>
</context>
<context>
    <name>Stage</name>
    <message>
        <source>100 %</source>
        <translation>100 %</translation>
    </message>
    <message>
        <source>After</source>
        <translation>之后</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>之前</translation>
    </message>
    <message>
        <source>Before and after, with a line between (4)</source>
        <translation>前后对比，中间一条线（4）</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>对比</translation>
    </message>
    <message>
        <source>Drag the line: before on the left, after on the right</source>
        <translation>拖动这条线：左边是之前，右边是之后</translation>
    </message>
    <message>
        <source>Fit</source>
        <translation>适合窗口</translation>
    </message>
    <message>
        <source>Larger (Ctrl++)</source>
        <translation>放大（Ctrl++）</translation>
    </message>
    <message>
        <source>Line between before and after</source>
        <translation>前后之间的线</translation>
    </message>
    <message>
        <source>Pixel for pixel (9)</source>
        <translation>原始像素（9）</translation>
    </message>
    <message>
        <source>Smaller (Ctrl+−)</source>
        <translation>缩小（Ctrl+−）</translation>
    </message>
    <message>
        <source>Target</source>
        <translation>目标</translation>
    </message>
    <message>
        <source>The whole screen (0)</source>
        <translation>整个屏幕（0）</translation>
    </message>
    <message>
        <source>What came of it (3)</source>
        <translation>之后的屏幕（3）</translation>
    </message>
    <message>
        <source>What the agent saw (1)</source>
        <translation>代理看到的（1）</translation>
    </message>
    <message>
        <source>Where it acted (2)</source>
        <translation>操作的位置（2）</translation>
    </message>
</context>
<context>
    <name>StatusLine</name>
    <message>
        <source>Elapsed</source>
        <translation>已用时间</translation>
    </message>
    <message>
        <source>GPU {n} of {all} GB</source>
        <translation>GPU {n} / {all} GB</translation>
    </message>
    <message>
        <source>Getting the model ready…</source>
        <translation>正在准备模型…</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Memory of this program, and of the GPU it uses</source>
        <translation>此程序及其所用 GPU 的内存</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Nothing leaves this computer</source>
        <translation>没有任何内容离开这台计算机</translation>
    </message>
    <message>
        <source>Privacy</source>
        <translation>隐私</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>就绪</translation>
    </message>
    <message>
        <source>Screenshots go to {host}</source>
        <translation>屏幕截图会发送到 {host}</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>Step</source>
        <translation>步骤</translation>
    </message>
    <message>
        <source>step {number} of at most {most}</source>
        <translation>第 {number} 步，最多 {most} 步</translation>
    </message>
    <message>
        <source>{n} GB</source>
        <translation>{n} GB</translation>
    </message>
    <message>
        <source>{n} tokens/s</source>
        <translation>{n} 词元/秒</translation>
    </message>
</context>
<context>
    <name>SteerBar</name>
    <message>
        <source> s</source>
        <translation> 秒</translation>
    </message>
    <message>
        <source>&amp;Hint</source>
        <translation>提示(&amp;H)</translation>
    </message>
    <message>
        <source>&amp;Veto time</source>
        <translation>否决时间(&amp;V)</translation>
    </message>
    <message>
        <source>Do not do what is shown; say what to do instead (Esc)</source>
        <translation>不要做所显示的操作；说出该做什么（Esc）</translation>
    </message>
    <message>
        <source>Do one step, then ask (F10)</source>
        <translation>做一步，然后询问（F10）</translation>
    </message>
    <message>
        <source>Hint</source>
        <translation>提示</translation>
    </message>
    <message>
        <source>Hint: not that one, the second</source>
        <translation>提示：不是它，要第二个</translation>
    </message>
    <message>
        <source>How long the agent shows what it is about to do before it does it</source>
        <translation>代理在操作前显示其意图的时间</translation>
    </message>
    <message>
        <source>O&amp;ne step</source>
        <translation>一步(&amp;N)</translation>
    </message>
    <message>
        <source>One step</source>
        <translation>一步</translation>
    </message>
    <message>
        <source>Send the hint</source>
        <translation>发送提示</translation>
    </message>
    <message>
        <source>Send the hint (Enter)</source>
        <translation>发送提示（Enter）</translation>
    </message>
    <message>
        <source>The agent holds still while you type, and goes on with your words (Ctrl+H)</source>
        <translation>您输入时代理停住，然后按您的话继续（Ctrl+H）</translation>
    </message>
    <message>
        <source>Veto</source>
        <translation>否决</translation>
    </message>
    <message>
        <source>Veto  {seconds} s</source>
        <translation>否决  {seconds} 秒</translation>
    </message>
    <message>
        <source>Veto time</source>
        <translation>否决时间</translation>
    </message>
    <message>
        <source>off</source>
        <translation>关</translation>
    </message>
</context>
<context>
    <name>StepList</name>
    <message>
        <source>Each step appears here.</source>
        <translation>每一步都会显示在这里。</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>步骤</translation>
    </message>
</context>
<context>
    <name>StepListModel</name>
    <message>
        <source>A question</source>
        <translation>一个问题</translation>
    </message>
    <message>
        <source>Looking</source>
        <translation>查看</translation>
    </message>
    <message>
        <source>No usable answer</source>
        <translation>没有可用的回答</translation>
    </message>
    <message>
        <source>Nothing done</source>
        <translation>什么也没做</translation>
    </message>
    <message>
        <source>Step {number}: {title}, {detail}</source>
        <translation>第 {number} 步：{title}，{detail}</translation>
    </message>
    <message>
        <source>Thinking</source>
        <translation>思考</translation>
    </message>
    <message>
        <source>about to act</source>
        <translation>即将操作</translation>
    </message>
    <message>
        <source>acting</source>
        <translation>正在操作</translation>
    </message>
    <message>
        <source>broken off</source>
        <translation>已中断</translation>
    </message>
    <message>
        <source>could not be carried out</source>
        <translation>无法执行</translation>
    </message>
    <message>
        <source>done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>done, nothing changed</source>
        <translation>完成，没有变化</translation>
    </message>
    <message>
        <source>done, the screen kept moving</source>
        <translation>完成，屏幕一直在动</translation>
    </message>
    <message>
        <source>ended here</source>
        <translation>在此结束</translation>
    </message>
    <message>
        <source>looking at the screen</source>
        <translation>正在查看屏幕</translation>
    </message>
    <message>
        <source>thinking</source>
        <translation>正在思考</translation>
    </message>
    <message>
        <source>waiting for the screen to settle</source>
        <translation>正在等屏幕稳定</translation>
    </message>
    <message>
        <source>waiting for you</source>
        <translation>正在等您</translation>
    </message>
</context>
<context>
    <name>StepPane</name>
    <message>
        <source>Back to live</source>
        <translation>回到实时</translation>
    </message>
    <message>
        <source>Looking at the screen…</source>
        <translation>正在查看屏幕…</translation>
    </message>
    <message>
        <source>Screen</source>
        <translation>屏幕</translation>
    </message>
    <message>
        <source>Step {number}</source>
        <translation>第 {number} 步</translation>
    </message>
    <message>
        <source>The picture of this step is no longer kept.</source>
        <translation>这一步的画面已不再保留。</translation>
    </message>
    <message>
        <source>The run left no picture.</source>
        <translation>这次运行没有留下画面。</translation>
    </message>
    <message>
        <source>The screen appears here as soon as the agent looks at it.</source>
        <translation>代理一查看屏幕，画面就会显示在这里。</translation>
    </message>
    <message>
        <source>The screen at the end</source>
        <translation>结束时的屏幕</translation>
    </message>
    <message>
        <source>What comes of it is not known yet.</source>
        <translation>结果尚不可知。</translation>
    </message>
</context>
<context>
    <name>TaskPanel</name>
    <message>
        <source>&amp;Pause</source>
        <translation>暂停(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Start</source>
        <translation>开始(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Task</source>
        <translation>任务(&amp;T)</translation>
    </message>
    <message>
        <source>Ask before every action</source>
        <translation>每次操作前都询问</translation>
    </message>
    <message>
        <source>Ask before risky actions</source>
        <translation>有风险的操作前询问</translation>
    </message>
    <message>
        <source>Hold still, then go on, step by step, or with a hint (Ctrl+P)</source>
        <translation>停住，然后继续、逐步进行或给出提示（Ctrl+P）</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>St&amp;op</source>
        <translation>停止(&amp;O)</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>开始</translation>
    </message>
    <message>
        <source>Start (Ctrl+Enter)</source>
        <translation>开始（Ctrl+Enter）</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Stop at once (Ctrl+. here, ctrl+alt+end anywhere)</source>
        <translation>立即停止（此处 Ctrl+.，任何地方 ctrl+alt+end）</translation>
    </message>
    <message>
        <source>Stopping…</source>
        <translation>正在停止…</translation>
    </message>
    <message>
        <source>Task</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>Watch only, never ask</source>
        <translation>只观看，从不询问</translation>
    </message>
    <message>
        <source>What should be done?

One step per line works best:
click “File”
type “hello” into “Name”
press ctrl+s</source>
        <translation>要做什么？

每行一步效果最好：
click “文件”
type “你好” into “名称”
press ctrl+s</translation>
    </message>
    <message>
        <source>When the agent asks you before it acts. What policy refuses is never done.</source>
        <translation>代理在操作前何时询问您。策略禁止的操作永远不会执行。</translation>
    </message>
    <message>
        <source>When to ask</source>
        <translation>何时询问</translation>
    </message>
</context>
<context>
    <name>ThoughtPanel</name>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy this step as text</source>
        <translation>把这一步复制为文字</translation>
    </message>
    <message>
        <source>Copy this step as text (Ctrl+Shift+C)</source>
        <translation>把这一步复制为文字（Ctrl+Shift+C）</translation>
    </message>
    <message>
        <source>Fold</source>
        <translation>折叠</translation>
    </message>
    <message>
        <source>Fold the thought of this step</source>
        <translation>折叠这一步的思考</translation>
    </message>
    <message>
        <source>Show of this thought only what it comes to (F7)</source>
        <translation>只显示这次思考的结论（F7）</translation>
    </message>
    <message>
        <source>Step {number}: {intent}</source>
        <translation>第 {number} 步：{intent}</translation>
    </message>
    <message>
        <source>Thou&amp;ght</source>
        <translation>思考(&amp;G)</translation>
    </message>
</context>
<context>
    <name>ThoughtView</name>
    <message>
        <source>The model's thought appears here.</source>
        <translation>模型的思考显示在这里。</translation>
    </message>
    <message>
        <source>Thought</source>
        <translation>思考</translation>
    </message>
</context>
<context>
    <name>TimeCard</name>
    <message>
        <source>1 step</source>
        <translation>1 步</translation>
    </message>
    <message>
        <source>All steps</source>
        <translation>全部步骤</translation>
    </message>
    <message>
        <source>How long it took</source>
        <translation>用时</translation>
    </message>
    <message>
        <source>Shown when a step is over.</source>
        <translation>每一步结束后显示。</translation>
    </message>
    <message>
        <source>Shown when the step is over.</source>
        <translation>这一步结束后显示。</translation>
    </message>
    <message>
        <source>The median and the 95th percentile of all steps since the window was opened</source>
        <translation>窗口打开以来全部步骤的中位数和第 95 百分位</translation>
    </message>
    <message>
        <source>Time of this step</source>
        <translation>这一步的用时</translation>
    </message>
    <message>
        <source>p50 / p95 of {steps}</source>
        <translation>{steps}的 p50 / p95</translation>
    </message>
    <message>
        <source>{n} steps</source>
        <translation>{n} 步</translation>
    </message>
</context>
<context>
    <name>Timeline</name>
    <message>
        <source>Time line</source>
        <translation>时间轴</translation>
    </message>
</context>
<context>
    <name>TimingBar</name>
    <message>
        <source>Time of this step</source>
        <translation>这一步的用时</translation>
    </message>
    <message>
        <source>act</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>capture</source>
        <translation>截图</translation>
    </message>
    <message>
        <source>decode</source>
        <translation>解码</translation>
    </message>
    <message>
        <source>encode</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>moving the pointer, clicking, typing</source>
        <translation>移动指针、点击、输入</translation>
    </message>
    <message>
        <source>parse</source>
        <translation>解析</translation>
    </message>
    <message>
        <source>prefill</source>
        <translation>预填充</translation>
    </message>
    <message>
        <source>settle</source>
        <translation>稳定</translation>
    </message>
    <message>
        <source>taking the screenshot</source>
        <translation>截取屏幕</translation>
    </message>
    <message>
        <source>the model reading its input</source>
        <translation>模型读取输入</translation>
    </message>
    <message>
        <source>the model thinking and answering</source>
        <translation>模型思考并回答</translation>
    </message>
    <message>
        <source>turning the answer into actions</source>
        <translation>把回答变成操作</translation>
    </message>
    <message>
        <source>turning the screenshot and the text into the model's input</source>
        <translation>把截图和文字变成模型的输入</translation>
    </message>
    <message>
        <source>waiting until the screen came to rest</source>
        <translation>等待屏幕静止</translation>
    </message>
</context>
<context>
    <name>Tray</name>
    <message>
        <source>&amp;Pause</source>
        <translation>暂停(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Show the window</source>
        <translation>显示窗口(&amp;S)</translation>
    </message>
    <message>
        <source>S&amp;top</source>
        <translation>停止(&amp;T)</translation>
    </message>
    <message>
        <source>agent-app: a question waits for you</source>
        <translation>agent-app：有一个问题在等您</translation>
    </message>
    <message>
        <source>agent-app: a run goes on</source>
        <translation>agent-app：正在运行</translation>
    </message>
    <message>
        <source>agent-app: no run goes on</source>
        <translation>agent-app：没有运行</translation>
    </message>
</context>
<context>
    <name>Viewer</name>
    <message>
        <source>A small strip instead of the window</source>
        <translation>用小条代替窗口</translation>
    </message>
    <message>
        <source>All episodes</source>
        <translation>全部记录</translation>
    </message>
    <message>
        <source>Answer with the first choice, the second</source>
        <translation>选择第一个回答、第二个</translation>
    </message>
    <message>
        <source>Compare both</source>
        <translation>对比两者</translation>
    </message>
    <message>
        <source>Copy the step as text</source>
        <translation>把这一步复制为文字</translation>
    </message>
    <message>
        <source>Copy the step, or what is selected</source>
        <translation>复制这一步，或所选内容</translation>
    </message>
    <message>
        <source>Do one step, then ask</source>
        <translation>做一步，然后询问</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Faster</source>
        <translation>加快</translation>
    </message>
    <message>
        <source>First step</source>
        <translation>第一步</translation>
    </message>
    <message>
        <source>Fold the thought, or unfold it</source>
        <translation>折叠或展开思考</translation>
    </message>
    <message>
        <source>Give a hint</source>
        <translation>给出提示</translation>
    </message>
    <message>
        <source>Larger</source>
        <translation>放大</translation>
    </message>
    <message>
        <source>Last step</source>
        <translation>最后一步</translation>
    </message>
    <message>
        <source>Light or dark</source>
        <translation>浅色或深色</translation>
    </message>
    <message>
        <source>Next place found</source>
        <translation>下一处</translation>
    </message>
    <message>
        <source>Next step</source>
        <translation>下一步</translation>
    </message>
    <message>
        <source>Next thing that is mentioned</source>
        <translation>下一个提到的内容</translation>
    </message>
    <message>
        <source>No screen was recorded after this step.</source>
        <translation>这一步之后没有记录屏幕。</translation>
    </message>
    <message>
        <source>No screen was recorded.</source>
        <translation>没有记录屏幕。</translation>
    </message>
    <message>
        <source>One second back</source>
        <translation>后退一秒</translation>
    </message>
    <message>
        <source>One second on</source>
        <translation>前进一秒</translation>
    </message>
    <message>
        <source>Opening {name}…</source>
        <translation>正在打开 {name}…</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Pixel for pixel</source>
        <translation>原始像素</translation>
    </message>
    <message>
        <source>Play, or pause</source>
        <translation>播放或暂停</translation>
    </message>
    <message>
        <source>Previous place found</source>
        <translation>上一处</translation>
    </message>
    <message>
        <source>Reveal the folder</source>
        <translation>显示文件夹</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Search the thoughts</source>
        <translation>搜索思考</translation>
    </message>
    <message>
        <source>Show what happens now</source>
        <translation>显示现在发生的事</translation>
    </message>
    <message>
        <source>Skip waiting, or not</source>
        <translation>跳过等待，或不跳过</translation>
    </message>
    <message>
        <source>Slower</source>
        <translation>减慢</translation>
    </message>
    <message>
        <source>Smaller</source>
        <translation>缩小</translation>
    </message>
    <message>
        <source>Start, in the task</source>
        <translation>在任务框中开始</translation>
    </message>
    <message>
        <source>Step back</source>
        <translation>上一步</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>The mention before</source>
        <translation>上一个提到的内容</translation>
    </message>
    <message>
        <source>The pages of the window</source>
        <translation>窗口的各个页面</translation>
    </message>
    <message>
        <source>The screen after</source>
        <translation>之后的屏幕</translation>
    </message>
    <message>
        <source>The screen before</source>
        <translation>之前的屏幕</translation>
    </message>
    <message>
        <source>The target</source>
        <translation>目标</translation>
    </message>
    <message>
        <source>The whole screen</source>
        <translation>整个屏幕</translation>
    </message>
    <message>
        <source>This episode cannot be opened</source>
        <translation>无法打开此记录</translation>
    </message>
    <message>
        <source>This frame is missing or damaged.</source>
        <translation>此帧缺失或已损坏。</translation>
    </message>
    <message>
        <source>This list</source>
        <translation>此列表</translation>
    </message>
    <message>
        <source>Time line: zoom in</source>
        <translation>时间轴：放大</translation>
    </message>
    <message>
        <source>Time line: zoom out</source>
        <translation>时间轴：缩小</translation>
    </message>
    <message>
        <source>Veto what it is about to do</source>
        <translation>否决它将要做的事</translation>
    </message>
    <message>
        <source>{time} of {whole}, step {number} of {count}</source>
        <translation>{time} / {whole}，第 {number} 步，共 {count} 步</translation>
    </message>
</context>
<context>
    <name>ViewerParts</name>
    <message>
        <source>Steps</source>
        <translation>步骤</translation>
    </message>
</context>
<context>
    <name>Words</name>
    <message>
        <source>Found by {how} ({score}).</source>
        <translation>通过{how}找到（{score}）。</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>It goes on, and looks at the screen anew.</source>
        <translation>运行继续，并重新查看屏幕。</translation>
    </message>
    <message>
        <source>Leave this action out</source>
        <translation>跳过此操作</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>再看一次</translation>
    </message>
    <message>
        <source>May the agent {deed}?
{reason}.
“For this run” allows {scope}.
Without an answer in {seconds} seconds it is not done. (Rule: {rule})</source>
        <translation>是否允许代理{deed}？
{reason}。
“本次运行允许”包括：{scope}。
若 {seconds} 秒内没有回答，则不执行。（规则：{rule}）</translation>
    </message>
    <message>
        <source>Nobody answered whether you may {deed}, so it was not done: {reason}.</source>
        <translation>没有人回答是否允许{deed}，因此未执行：{reason}。</translation>
    </message>
    <message>
        <source>Nobody answered, so it was not done.</source>
        <translation>没有人回答，因此未执行。</translation>
    </message>
    <message>
        <source>Nothing on the screen changed after the last {count} actions.</source>
        <translation>最近 {count} 次操作后屏幕没有任何变化。</translation>
    </message>
    <message>
        <source>Nothing on the screen changed, again, after the same action. Do something else.</source>
        <translation>同一操作之后屏幕再次没有变化，应换一种做法。</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>The person does not want you to {deed}.</source>
        <translation>您不同意{deed}。</translation>
    </message>
    <message>
        <source>What is there keeps changing, so nothing was done. Wait until it rests, and look.</source>
        <translation>那里一直在变化，因此未执行任何操作。应等它静止后再看。</translation>
    </message>
    <message>
        <source>What is to be typed for “{name}”? It is not recorded.</source>
        <translation>“{name}”要输入什么？它不会被记录。</translation>
    </message>
    <message>
        <source>Where the pointer is in 3 seconds</source>
        <translation>3 秒后指针所在的位置</translation>
    </message>
    <message>
        <source>You allowed it for this run.</source>
        <translation>您已在本次运行中允许。</translation>
    </message>
    <message>
        <source>You allowed it for this run: {scope}.</source>
        <translation>您已在本次运行中允许：{scope}。</translation>
    </message>
    <message>
        <source>You allowed it.</source>
        <translation>您已允许。</translation>
    </message>
    <message>
        <source>You are going in circles: these moves bring back the same screens.</source>
        <translation>在原地打转：这些操作总是回到同样的屏幕。</translation>
    </message>
    <message>
        <source>You may not {deed}: {reason} (rule “{rule}”). Choose another way; only a person can allow it, in policy.toml.</source>
        <translation>不允许{deed}：{reason}（规则“{rule}”）。应换一种做法；只有人能在 policy.toml 中允许。</translation>
    </message>
    <message>
        <source>You paused it.</source>
        <translation>您暂停了运行。</translation>
    </message>
    <message>
        <source>You refused it.</source>
        <translation>您已拒绝。</translation>
    </message>
    <message>
        <source>You stopped the run instead.</source>
        <translation>您停止了运行。</translation>
    </message>
    <message>
        <source>You stopped this before it was done.</source>
        <translation>您在执行前否决了它。</translation>
    </message>
    <message>
        <source>You stopped this before it was done. Is it to be tried again, or left out?</source>
        <translation>您在执行前否决了它。要再试一次，还是跳过？</translation>
    </message>
    <message>
        <source>You took over.</source>
        <translation>您接管了操作。</translation>
    </message>
    <message>
        <source>Your hint: {hint}</source>
        <translation>您的提示：{hint}</translation>
    </message>
    <message>
        <source>a menu or popup of {application}</source>
        <translation>{application} 的菜单或弹出窗口</translation>
    </message>
    <message>
        <source>again</source>
        <translation>再试一次</translation>
    </message>
    <message>
        <source>all {count} steps were done again</source>
        <translation>全部 {count} 步已重新执行</translation>
    </message>
    <message>
        <source>answers to dialogs</source>
        <translation>回答对话框</translation>
    </message>
    <message>
        <source>blanks alone</source>
        <translation>仅空白</translation>
    </message>
    <message>
        <source>clicking</source>
        <translation>点击</translation>
    </message>
    <message>
        <source>clicks</source>
        <translation>点击</translation>
    </message>
    <message>
        <source>clicks on what cannot be read</source>
        <translation>点击无法读取的内容</translation>
    </message>
    <message>
        <source>double</source>
        <translation>连续两次</translation>
    </message>
    <message>
        <source>drag to</source>
        <translation>拖到</translation>
    </message>
    <message>
        <source>dragging to</source>
        <translation>拖到</translation>
    </message>
    <message>
        <source>every click</source>
        <translation>每次点击</translation>
    </message>
    <message>
        <source>every drag</source>
        <translation>每次拖动</translation>
    </message>
    <message>
        <source>every move</source>
        <translation>每次移动</translation>
    </message>
    <message>
        <source>every press</source>
        <translation>每次按键</translation>
    </message>
    <message>
        <source>every scroll</source>
        <translation>每次滚动</translation>
    </message>
    <message>
        <source>every type</source>
        <translation>每次输入</translation>
    </message>
    <message>
        <source>it cannot be told whether the rule “{rule}” applies ({why})</source>
        <translation>无法判断规则“{rule}”是否适用（{why}）</translation>
    </message>
    <message>
        <source>it moved while it was about to be acted on; {reason}</source>
        <translation>即将操作时它移动了；{reason}</translation>
    </message>
    <message>
        <source>it moves whenever it is to be acted on</source>
        <translation>每次要操作时它都会移动</translation>
    </message>
    <message>
        <source>it says “{word}”, and {why}</source>
        <translation>上面写着“{word}”，{why}</translation>
    </message>
    <message>
        <source>it was broken off by the pause</source>
        <translation>它因暂停而中断</translation>
    </message>
    <message>
        <source>its dialog says “{word}”, and {why}</source>
        <translation>其对话框写着“{word}”，{why}</translation>
    </message>
    <message>
        <source>its keys move to something else first, and what they press there is not known yet</source>
        <translation>这些按键会先移到别处，还不知道在那里会按下什么</translation>
    </message>
    <message>
        <source>keys that move on and then press Enter</source>
        <translation>先移动再按回车的按键</translation>
    </message>
    <message>
        <source>leave it out</source>
        <translation>跳过</translation>
    </message>
    <message>
        <source>middle</source>
        <translation>中键</translation>
    </message>
    <message>
        <source>nobody said what is to be typed for “{name}”</source>
        <translation>没有人说明“{name}”要输入什么</translation>
    </message>
    <message>
        <source>point at</source>
        <translation>指向</translation>
    </message>
    <message>
        <source>pointing at</source>
        <translation>指向</translation>
    </message>
    <message>
        <source>press</source>
        <translation>按</translation>
    </message>
    <message>
        <source>pressing</source>
        <translation>按</translation>
    </message>
    <message>
        <source>right</source>
        <translation>右键</translation>
    </message>
    <message>
        <source>scroll</source>
        <translation>滚动</translation>
    </message>
    <message>
        <source>scrolling</source>
        <translation>滚动</translation>
    </message>
    <message>
        <source>step {number} (step {recorded} of the recording), {intent}: {what}</source>
        <translation>第 {number} 步（录制中的第 {recorded} 步），{intent}：{what}</translation>
    </message>
    <message>
        <source>step {number}, {intent}: {what}</source>
        <translation>第 {number} 步，{intent}：{what}</translation>
    </message>
    <message>
        <source>stopped while the run was being made ready</source>
        <translation>在准备运行时被停止</translation>
    </message>
    <message>
        <source>the application does not tell which field has the keyboard; it may be for passwords</source>
        <translation>应用程序没有说明键盘在哪个输入框，可能是密码框</translation>
    </message>
    <message>
        <source>the keyboard is in a field for passwords</source>
        <translation>键盘在密码框中</translation>
    </message>
    <message>
        <source>the limit of {count} steps is reached</source>
        <translation>已达到 {count} 步的上限</translation>
    </message>
    <message>
        <source>the limit of {count} tokens is reached</source>
        <translation>已达到 {count} 个词元的上限</translation>
    </message>
    <message>
        <source>the limit of {seconds} seconds is reached</source>
        <translation>已达到 {seconds} 秒的上限</translation>
    </message>
    <message>
        <source>the screen cannot be read here, so what is there is unknown (agent-app doctor helps)</source>
        <translation>此处的屏幕无法读取，不知道那里是什么（可运行 agent-app doctor）</translation>
    </message>
    <message>
        <source>there is no text there that could be read, and the application gives it no name</source>
        <translation>那里没有可读的文字，应用程序也没有给出名称</translation>
    </message>
    <message>
        <source>type</source>
        <translation>输入</translation>
    </message>
    <message>
        <source>typing</source>
        <translation>输入</translation>
    </message>
    <message>
        <source>typing in the terminal {window}</source>
        <translation>在终端 {window} 中输入</translation>
    </message>
    <message>
        <source>typing into fields for passwords</source>
        <translation>在密码框中输入</translation>
    </message>
    <message>
        <source>what is typed into a terminal runs as a command</source>
        <translation>在终端中输入的内容会作为命令运行</translation>
    </message>
    <message>
        <source>what the rule “{rule}” asks about</source>
        <translation>规则“{rule}”所询问的内容</translation>
    </message>
    <message>
        <source>you are asked before every action</source>
        <translation>每次操作前都会询问您</translation>
    </message>
    <message>
        <source>you stopped it before it was done</source>
        <translation>您在执行前否决了它</translation>
    </message>
    <message>
        <source>{count} actions were left out</source>
        <translation>跳过了 {count} 个操作</translation>
    </message>
    <message>
        <source>{count} unusable replies in a row; another model may do better: {last}</source>
        <translation>连续 {count} 次无法使用的回复，可换一个模型再试：{last}</translation>
    </message>
    <message>
        <source>{count} unusable replies in a row: {last}</source>
        <translation>连续 {count} 次无法使用的回复：{last}</translation>
    </message>
    <message>
        <source>{deed}, where “{text}” stands,</source>
        <translation>{deed}（所在处写着“{text}”）</translation>
    </message>
    <message>
        <source>{how} {verb}</source>
        <translation>{how}{verb}</translation>
    </message>
    <message>
        <source>{limit}; --max-seconds or the setting “Time limit” raises it</source>
        <translation>{limit}；可用 --max-seconds 或设置“时间上限”提高</translation>
    </message>
    <message>
        <source>{limit}; --max-steps or the setting “Step limit” raises it</source>
        <translation>{limit}；可用 --max-steps 或设置“步数上限”提高</translation>
    </message>
    <message>
        <source>{limit}; start again with what is left of the task</source>
        <translation>{limit}；请用余下的任务重新开始</translation>
    </message>
    <message>
        <source>{loop}; say in the task how it is done</source>
        <translation>{loop}；请在任务中写明怎么做</translation>
    </message>
    <message>
        <source>{told}
Where is it? A place on the screen, as x, y, is an answer, too.</source>
        <translation>{told}
它在哪里？也可以回答屏幕上的位置，如 x, y。</translation>
    </message>
    <message>
        <source>{told} They said: {said}</source>
        <translation>{told} 您说：{said}</translation>
    </message>
    <message>
        <source>{told}. Is it to be done again?</source>
        <translation>{told}。要重新执行吗？</translation>
    </message>
    <message>
        <source>{verb} something without a text</source>
        <translation>{verb}没有文字的内容</translation>
    </message>
    <message>
        <source>{verb} {what}</source>
        <translation>{verb} {what}</translation>
    </message>
    <message>
        <source>{verb} “{label}”</source>
        <translation>{verb}“{label}”</translation>
    </message>
    <message>
        <source>{what} in {window}</source>
        <translation>在 {window} 中{what}</translation>
    </message>
    <message>
        <source>“{text}” ({count} characters)</source>
        <translation>“{text}”（{count} 个字符）</translation>
    </message>
</context>
<context>
    <name>_StripDelegate</name>
    <message>
        <source>damaged</source>
        <translation>已损坏</translation>
    </message>
    <message>
        <source>no screen</source>
        <translation>没有画面</translation>
    </message>
</context>
</TS>
